import ctypes.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.recipe import espeak_library
from models.recipe.errors import EspeakError

_HOST = ctypes.util.find_library("espeak-ng")


def _host_file(name: str) -> Path | None:
    """Find a library file of the host by its file name."""
    return next((path for path in sorted(Path("/usr/lib").glob(f"*-linux-gnu/{name}"))), None)


def _tree(folder: Path, *names: str) -> Path:
    """Lay out a private copy with the host's own libraries."""
    place = folder / "usr" / "lib"
    place.mkdir(parents=True)
    for name in names:
        found = _host_file(name)
        if found is None:
            pytest.skip(f"this machine has no {name}")
        shutil.copy(found, place / name)
    return folder


def test_the_hosts_library_is_taken_first(tmp_path: Path) -> None:
    if _HOST is None:
        pytest.skip("espeak-ng is not installed on this machine")
    library, data = espeak_library.load(tmp_path)
    assert data is None
    assert library.espeak_Initialize
    assert list(tmp_path.iterdir()) == []


def test_a_private_copy_is_fetched_when_the_host_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = _tree(tmp_path / "copy", "libespeak-ng.so.1")
    (root / "usr" / "lib" / "espeak-ng-data").mkdir()
    asked: list[tuple[list[str], Path]] = []

    def unpack(packages: list[str], into: Path, *, suite: str | None) -> Path:
        assert suite is None
        asked.append((packages, into))
        return root

    monkeypatch.setattr("ctypes.util.find_library", lambda _name: None)
    monkeypatch.setattr("provision.debian.unpack", unpack)
    library, data = espeak_library.load(tmp_path / "tools")
    assert asked == [(["libespeak-ng1", "espeak-ng-data"], tmp_path / "tools")]
    assert data == root / "usr" / "lib" / "espeak-ng-data"
    assert library.espeak_Initialize


@pytest.mark.parametrize("missing", ["library", "data"])
def test_a_copy_that_is_not_whole_is_an_error(tmp_path: Path, missing: str) -> None:
    place = tmp_path / "usr" / "lib"
    place.mkdir(parents=True)
    if missing == "data":
        (place / "libespeak-ng.so.1").touch()
    else:
        (place / "espeak-ng-data").mkdir()
    with pytest.raises(EspeakError, match="delete it"):
        espeak_library._load_from(tmp_path)


def test_a_broken_library_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    place = tmp_path / "usr" / "lib"
    (place / "espeak-ng-data").mkdir(parents=True)
    (place / "libespeak-ng.so.1").write_bytes(b"this is no library")
    with pytest.raises(EspeakError, match="install espeak-ng"):
        espeak_library._load_from(tmp_path)


def test_what_a_library_needs_is_loaded_from_the_same_tree(tmp_path: Path) -> None:
    """A library built here needs another one that no search path knows."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler on this machine")
    (tmp_path / "inner.c").write_text("int inner_110(void) { return 110; }\n")
    (tmp_path / "outer.c").write_text("int inner_110(void); int outer(void) { return inner_110(); }\n")
    build = [compiler, "-shared", "-fPIC"]
    inner, outer = tmp_path / "libinner110.so", tmp_path / "libouter110.so"
    subprocess.run([*build, "-Wl,-soname,libinner110.so", "-o", inner, tmp_path / "inner.c"], check=True)
    subprocess.run([*build, "-o", outer, tmp_path / "outer.c", f"-L{tmp_path}", "-linner110"], check=True)
    program = (
        "from pathlib import Path; from models.recipe import espeak_library as l;"
        f"tree = {{p.name: p for p in Path({str(tmp_path)!r}).glob('*.so')}};"
        "print(l._load_with_needed('libouter110.so', tree).outer())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "110"
