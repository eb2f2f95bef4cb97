"""Which Asterisk is taken: versions, folders, and the order of the places."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.asterisk.errors import AsteriskNotFound, AsteriskUnusable
from ivr.asterisk.find import AsteriskInstall, find, inspect
from ivr.asterisk.install import ensure
from ivr.asterisk.modules import REQUIRED, SPEECH, WANTED, available
from ivr.asterisk.settings import AsteriskSettings
from ivr.asterisk.version import AsteriskVersion, Fitness


def fake(root: Path, version: str = "22.10.1", *, modules: tuple[str, ...] = (*REQUIRED, *SPEECH)) -> Path:
    """A folder that looks like an installed Asterisk; gives the path of its program."""
    binary = root / "sbin" / "asterisk"
    for folder in (binary.parent, root / "lib/asterisk/modules", root / "share/asterisk/documentation"):
        folder.mkdir(parents=True)
    for name in modules:
        (root / "lib/asterisk/modules" / f"{name}.so").touch()
    (root / "share/asterisk/documentation/core-en_US.xml").touch()
    binary.write_text(f"#!/bin/sh\necho Asterisk {version}\n")
    binary.chmod(0o755)
    return binary


@pytest.mark.parametrize(
    ("text", "version", "fitness"),
    [
        ("Asterisk 22.10.1~dfsg+~cs6.17", (22, 10, 1), Fitness.GOOD),
        ("Asterisk 22.4.0", (22, 4, 0), Fitness.GOOD),
        ("Asterisk 23.0.0", (23, 0, 0), Fitness.GOOD),
        ("Asterisk 22.3.0", (22, 3, 0), Fitness.USABLE),
        ("Asterisk 21.9.0", (21, 9, 0), Fitness.GOOD),
        ("Asterisk 20.14.0", (20, 14, 0), Fitness.GOOD),
        ("Asterisk 20.6.0~dfsg+~cs6.13", (20, 6, 0), Fitness.USABLE),
        ("Asterisk 20.5", (20, 5, 0), Fitness.USABLE),
        ("Asterisk 20.4.9", (20, 4, 9), Fitness.TOO_OLD),
        ("Asterisk 19.8.1", (19, 8, 1), Fitness.TOO_OLD),
        ("Asterisk 18.20.0", (18, 20, 0), Fitness.USABLE),
        ("Asterisk 18.10.0~dfsg", (18, 10, 0), Fitness.TOO_OLD),
        ("Asterisk 16.28.0", (16, 28, 0), Fitness.TOO_OLD),
    ],
)
def test_versions(text: str, version: tuple[int, int, int], fitness: Fitness) -> None:
    parsed = AsteriskVersion.parse(text)
    assert parsed == AsteriskVersion(*version)
    assert parsed.fitness is fitness
    assert parsed.remark


@given(st.text(max_size=80))
def test_any_text_may_be_asked_for_a_version(text: str) -> None:
    parsed = AsteriskVersion.parse(text)
    assert parsed is None or AsteriskVersion.parse(str(parsed)) == parsed


def test_one_named_by_the_settings_is_taken(tmp_path: Path) -> None:
    binary = fake(tmp_path / "opt")
    found = find(binary, {"PATH": "", "ASTERISK_BIN": "/nowhere"})
    assert found == AsteriskInstall(
        binary,
        tmp_path / "opt/lib/asterisk/modules",
        tmp_path / "opt/share/asterisk",
        AsteriskVersion(22, 10, 1),
    )
    assert "the machine's own" in found.describe()


def test_the_environment_outranks_the_path(tmp_path: Path) -> None:
    one, two = fake(tmp_path / "one"), fake(tmp_path / "two", "20.6.0")
    path = {"PATH": str(one.parent)}
    assert find("auto", path).binary == one
    assert find("auto", {**path, "ASTERISK_BIN": str(two)}).binary == two


def test_none_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ivr.asterisk.find.shutil.which", lambda *_a, **_k: None)
    with pytest.raises(AsteriskNotFound):
        find("auto", {"PATH": str(tmp_path)})


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (
            lambda root: (root / "sbin/asterisk").write_text("#!/bin/sh\necho Asterisk 18.10.0\n"),
            "18.10.0: not used",
        ),
        (lambda root: (root / "sbin/asterisk").write_text("#!/bin/sh\nexit 3\n"), "gives no version"),
        (lambda root: (root / "sbin/asterisk").write_text("#!/nowhere/sh\n"), "cannot be run"),
        (lambda root: (root / "lib/asterisk/modules/app_audiosocket.so").unlink(), "app_audiosocket"),
        (lambda root: (root / "lib/asterisk/modules/chan_pjsip.so").unlink(), "modules of .* not found"),
        (lambda root: (root / "share/asterisk/documentation/core-en_US.xml").unlink(), "XML documentation"),
        (lambda root: (root / "sbin/asterisk").chmod(0o644), "is not a program"),
    ],
)
def test_one_that_cannot_be_used_says_why(tmp_path: Path, spoil: object, says: str) -> None:
    binary = fake(tmp_path)
    assert callable(spoil)
    spoil(tmp_path)
    if any((f / "chan_pjsip.so").exists() for f in Path("/usr/lib").glob("*/asterisk/modules")):
        pytest.skip("the machine has an Asterisk of its own, whose folders would be found")
    with pytest.raises(AsteriskUnusable, match=says):
        find(binary, {"PATH": os.environ["PATH"]})


def test_a_named_one_that_is_unusable_is_an_error_not_a_reason_to_install(tmp_path: Path) -> None:
    binary = fake(tmp_path / "old", "18.10.0")
    with pytest.raises(AsteriskUnusable):
        ensure(AsteriskSettings(binary=binary, data=tmp_path / "data"))
    with pytest.raises(AsteriskUnusable):
        ensure(
            AsteriskSettings(data=tmp_path / "data"), environment={"ASTERISK_BIN": str(binary), "PATH": ""}
        )
    assert not (tmp_path / "data").exists()


def test_a_fit_one_is_taken_and_told(tmp_path: Path) -> None:
    told: list[str] = []
    binary = fake(tmp_path / "new", "20.6.0")
    found = ensure(AsteriskSettings(binary=binary, data=tmp_path / "data"), progress=told.append)
    assert found == inspect(binary)
    assert told == [found.describe()]
    assert "keys that a caller presses" in told[0]


def test_the_module_lists_do_not_overlap() -> None:
    assert not set(REQUIRED) & set(WANTED)
    assert set(SPEECH) <= {*REQUIRED, *WANTED}
    assert WANTED.index("res_speech") < WANTED.index("res_agi")


def test_what_is_there_is_named_without_suffix(tmp_path: Path) -> None:
    fake(tmp_path, modules=(*REQUIRED, *SPEECH, "app_extra"))
    assert "app_extra" in available(tmp_path / "lib/asterisk/modules")


@pytest.mark.telephony
def test_the_private_one_names_all_modules_that_we_want(asterisk_install: AsteriskInstall) -> None:
    assert set(REQUIRED) | set(WANTED) <= asterisk_install.modules
    assert asterisk_install.version.fitness is Fitness.GOOD
