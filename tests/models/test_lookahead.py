import subprocess
from pathlib import Path

import kaldifst
import pytest

from models.recipe import lookahead
from models.recipe.errors import StageError
from models.recipe.lookahead import to_look_ahead


@pytest.fixture
def fst() -> object:
    """Three words in a row, sorted by output."""
    fst = kaldifst.StdVectorFst()
    for _ in range(4):
        fst.add_state()
    fst.start = 0
    for state, word in enumerate((3, 1, 2)):
        fst.add_arc(state, kaldifst.StdArc(10 + state, word, 0.5, state + 1))
    fst.set_final(3, 0.0)
    kaldifst.arcsort(fst, "olabel")
    return fst


def test_the_look_ahead_form_is_written_and_words_are_renumbered(fst: object, tmp_path: Path) -> None:
    relabelled = to_look_ahead(fst, tmp_path / "HCLr.fst")
    assert set(relabelled) >= {1, 2, 3}
    assert len(set(relabelled.values())) == len(relabelled)
    assert b"olabel_lookahead" in (tmp_path / "HCLr.fst").read_bytes()[:64]


def test_nothing_else_is_left_in_the_folder(fst: object, tmp_path: Path) -> None:
    to_look_ahead(fst, tmp_path / "HCLr.fst")
    assert [path.name for path in tmp_path.iterdir()] == ["HCLr.fst"]


def test_a_failing_program_is_an_error_with_its_words(
    fst: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "fstconvert"
    program.write_text("#!/bin/sh\necho no such type >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(lookahead, "_fstconvert", lambda: (program, {}))
    with pytest.raises(StageError, match="no such type"):
        to_look_ahead(fst, tmp_path / "HCLr.fst")


def test_the_hosts_program_is_taken_with_the_library_that_knows_the_form(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: "/usr/bin/fstconvert")
    monkeypatch.setattr("ctypes.util.find_library", lambda _name: "libfstlookahead.so.22")
    assert lookahead._fstconvert() == (Path("/usr/bin/fstconvert"), {"LD_PRELOAD": "libfstlookahead.so.22"})


def _bare_machine(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda _name: None)
    monkeypatch.setattr("provision.debian.unpack", lambda *_args, **_more: root)


def test_without_the_library_a_private_copy_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    libraries = tmp_path / "usr" / "lib" / "x86_64-linux-gnu"
    libraries.mkdir(parents=True)
    (libraries / "libfstlookahead.so.22").touch()
    program = tmp_path / "usr" / "bin" / "fstconvert"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    _bare_machine(monkeypatch, tmp_path)
    found, variables = lookahead._fstconvert()
    assert found == program
    assert variables["LD_PRELOAD"] == str(libraries / "libfstlookahead.so.22")
    assert str(libraries) in variables["LD_LIBRARY_PATH"].split(":")


def test_a_copy_that_is_not_whole_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _bare_machine(monkeypatch, tmp_path)
    with pytest.raises(StageError, match="delete it"):
        lookahead._fstconvert()


def test_fstconvert_runs_here() -> None:
    program, variables = lookahead._fstconvert()
    done = subprocess.run([program, "--help"], env=variables, capture_output=True, text=True, check=False)
    assert "fst_type" in done.stdout + done.stderr
