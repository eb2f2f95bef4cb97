"""How programs of an unpacked folder are started."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.errors import ProvisionError
from provision.prefix import environment, libraries, loader


def prefix(root: Path) -> Path:
    multiarch = root / "usr/lib/x86_64-linux-gnu"
    (multiarch / "pulseaudio").mkdir(parents=True)
    (multiarch / "perl").mkdir()
    (multiarch / "pulseaudio/libpulsecommon.so.1").touch()
    (root / "usr/lib/python3").mkdir()
    return root


def test_libraries_are_the_multiarch_folder_and_those_of_single_libraries(tmp_path: Path) -> None:
    base = prefix(tmp_path) / "usr/lib/x86_64-linux-gnu"
    assert libraries(tmp_path) == (base, base / "pulseaudio")


def test_a_folder_of_another_suite_has_a_loader(tmp_path: Path) -> None:
    found = prefix(tmp_path) / "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
    with pytest.raises(ProvisionError, match="need none"):
        loader(tmp_path)
    found.touch()
    assert loader(tmp_path) == found


def test_the_environment_puts_the_folder_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.setenv("KEPT", "yes")
    made = environment(prefix(tmp_path))
    assert made["PATH"] == f"{tmp_path}/usr/bin:{tmp_path}/usr/sbin:/bin"
    assert made["LD_LIBRARY_PATH"].split(":")[0] == f"{tmp_path}/usr/lib/x86_64-linux-gnu"
    assert made["KEPT"] == "yes"
