"""apt without touching the host."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from provision.apt import PrivateApt
from provision.errors import AptMissing, MirrorUnreachable, ProvisionError
from tests.provision.repository import SUITE, Repository


def test_mirrors_are_read_from_apt_on_a_machine_without_lists(mirror: Repository, tmp_path: Path) -> None:
    assert PrivateApt(tmp_path / "work", SUITE).mirrors() == (f"file:{mirror.root}/",)


def test_names_versions_and_sizes_come_from_the_resolver(mirror: Repository, tmp_path: Path) -> None:
    mirror.add("a", {"usr/bin/a": "a"}, depends="b (>= 3)")
    mirror.add("b", {"usr/bin/b": "b"}, version="1:3.0+dfsg~rc1-2")
    apt = PrivateApt(tmp_path / "work", SUITE)
    apt.update()
    found = {archive.name: archive for archive in apt.resolve(["a"])}
    assert found["b"].version == "1:3.0+dfsg~rc1-2"
    assert all(archive.size > 100 for archive in found.values())
    apt.download(["a"])
    assert all(archive.path.stat().st_size == archive.size for archive in found.values())


def test_its_configuration_may_hold_a_password(mirror: Repository, tmp_path: Path) -> None:
    PrivateApt(tmp_path / "work", SUITE)
    assert stat.S_IMODE((tmp_path / "work" / "apt.conf").stat().st_mode) == 0o600


def test_the_hosts_settings_are_kept_and_its_hooks_are_not(mirror: Repository, tmp_path: Path) -> None:
    host = mirror.root / "host" / "apt.conf"
    host.write_text(host.read_text() + 'Acquire::http::Proxy "http://proxy.example:3128";\n')
    PrivateApt(tmp_path / "work", SUITE)
    made = (tmp_path / "work" / "apt.conf").read_text()
    assert 'Acquire::http::Proxy "http://proxy.example:3128";' in made
    assert "hook-ran" not in made
    assert f'Dir::State "{tmp_path}/work";' in made


def test_a_machine_without_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provision.apt.shutil.which", lambda name: None if name == "apt-get" else "/bin/true")
    with pytest.raises(AptMissing, match="apt-get"):
        PrivateApt(tmp_path, SUITE)


def test_a_mirror_that_is_gone(mirror: Repository, tmp_path: Path) -> None:
    (mirror.root / "host" / "sources.list").write_text("deb [trusted=yes] http://127.0.0.1:9/debian x main\n")
    apt = PrivateApt(tmp_path / "work", SUITE)
    with pytest.raises(MirrorUnreachable, match="Check the network") as caught:
        apt.update()
    assert caught.value.retryable


def test_a_machine_without_any_mirror(mirror: Repository, tmp_path: Path) -> None:
    (mirror.root / "host" / "sources.list").write_text("")
    with pytest.raises(ProvisionError, match="knows no Debian mirror"):
        PrivateApt(tmp_path / "work", SUITE).update()


def test_the_first_mirror_that_has_the_suite_is_taken(mirror: Repository, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    sources = mirror.root / "host" / "sources.list"
    sources.write_text(f"deb [trusted=yes] file:{empty}/ {SUITE} main\n" + sources.read_text())
    mirror.add("a", {"usr/bin/a": "a"})
    apt = PrivateApt(tmp_path / "work", SUITE)
    apt.update()
    assert [archive.name for archive in apt.resolve(["a"])] == ["a"]
