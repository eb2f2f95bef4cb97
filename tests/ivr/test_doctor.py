"""Every finding of `doctor`, good and bad, with the real parts: it names what is wrong and changes nothing."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from ivr import doctor
from ivr.asterisk.layout import Layout
from ivr.config import BUNDLED_MODEL, ROOT, Config, load_config
from ivr.doctor import Finding, examine
from records.store import Store
from tests.asr.conftest import model_dir, wide_model_dir
from tests.asterisk_instance import free_ports

__all__ = ["model_dir", "wide_model_dir"]

NOBODY = 65534
CHECKS = {
    "data": doctor._folder,
    "asterisk": doctor._asterisk,
    "account": doctor._account,
    "dialplan": doctor._dialplan,
    "speech": doctor._speech,
    "lexicon": doctor._lexicon,
    "prompts": doctor._prompts,
    "database": doctor._database,
}


def write_config(folder: Path, **sections: Any) -> Path:
    """A config.yaml on free ports with a small part of the shipped one changed."""
    sip, ami, fastagi, audiosocket, metrics = free_ports(5)
    ports = {"sip_port": sip, "ami_port": ami, "fastagi_port": fastagi, "audiosocket_port": audiosocket}
    asterisk = {"dialplans": str(ROOT / "dialplans"), **ports, **sections.pop("asterisk", {})}
    values = {
        "data_dir": "var",
        "triage": {"lexicon": str(ROOT / "triage" / "lexicon")},
        "metrics": {"port": metrics},
        **sections,
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump({**values, "asterisk": asterisk}, allow_unicode=True), encoding="utf-8")
    return path


def configured(folder: Path, **sections: Any) -> Config:
    return load_config(write_config(folder, **sections))


def found(config: Config, name: str) -> Finding:
    """That one finding, by its own check alone: all of them take seconds."""
    (finding,) = [finding for finding in CHECKS.get(name, doctor._ports)(config) if finding.name == name]
    return finding


def fake_asterisk(path: Path, version: str) -> Path:
    """A program that says which Asterisk it is, and is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho 'Asterisk {version}'\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def no_asterisk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine whose PATH holds nothing but what the test puts there."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.delenv("ASTERISK_BIN", raising=False)
    if shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin"):
        pytest.skip("this machine has an Asterisk of its own outside PATH")
    return programs


def test_it_changes_nothing(tmp_path: Path) -> None:
    config = configured(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    examine(config)
    assert sorted(tmp_path.rglob("*")) == before


def test_every_finding_says_what_to_do_or_that_nothing_is(tmp_path: Path) -> None:
    findings = examine(configured(tmp_path))
    assert len({finding.name for finding in findings}) == len(findings)
    for finding in findings:
        assert finding.what
        assert bool(finding.mend) == (finding.state != "ok"), finding
        assert set(finding.as_json()) == {"name", "title", "state", "what", "mend"}


# -- the data folder -----------------------------------------------------------------------------------------


def test_a_data_folder_that_is_or_can_be_made(tmp_path: Path) -> None:
    config = configured(tmp_path, data_dir="a/b/c")
    assert found(config, "data").state == "ok"
    config.data_dir.mkdir(parents=True)
    finding = found(config, "data")
    assert finding.state == "ok"
    assert str(config.data_dir) in finding.what


def test_a_file_where_the_data_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("", encoding="utf-8")
    findings = {finding.name: finding for finding in examine(configured(tmp_path))}
    assert findings["data"].state == "fault"
    assert "不是目录" in findings["data"].what


@pytest.mark.parametrize("mode", [0o555, 0o000])
def test_a_data_folder_that_cannot_be_written(tmp_path: Path, mode: int) -> None:
    """Asked in another process: root may write everywhere."""
    folder = tmp_path / "open"
    folder.mkdir()
    closed = folder / "closed"
    closed.mkdir(mode)
    for parent in (tmp_path, *tmp_path.parents[:-1]):
        if parent.stat().st_uid == os.geteuid():
            parent.chmod(parent.stat().st_mode | stat.S_IXGRP | stat.S_IXOTH)
    program = (
        "import os, sys; from pathlib import Path; from ivr import doctor; from ivr.config import Config\n"
        "os.getuid() or os.setuid(int(sys.argv[2]))\n"
        "print(*(f.state + ' ' + f.what for f in doctor._folder(Config(data_dir=Path(sys.argv[1])))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(closed / "var"), str(NOBODY)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    closed.chmod(0o755)
    assert done.stdout.startswith("fault"), done.stderr
    assert str(closed) in done.stdout
    assert "不可写" in done.stdout


# -- Asterisk ------------------------------------------------------------------------------------------------


def test_none_but_apt_could_fetch_one(tmp_path: Path, no_asterisk: Path) -> None:
    fake_asterisk(no_asterisk / "apt-get", "0")
    finding = found(configured(tmp_path), "asterisk")
    assert finding.state == "warning"
    assert "自动安装" in finding.mend


def test_none_and_no_apt(tmp_path: Path, no_asterisk: Path) -> None:
    finding = found(configured(tmp_path), "asterisk")
    assert finding.state == "fault"
    assert "20.14" in finding.mend


def test_an_old_one_in_path_is_passed_over_for_a_private_one(tmp_path: Path, no_asterisk: Path) -> None:
    """As the start does it."""
    fake_asterisk(no_asterisk / "asterisk", "18.10.0")
    fake_asterisk(no_asterisk / "apt-get", "0")
    finding = found(configured(tmp_path), "asterisk")
    assert finding.state == "warning"
    assert "18.10" in finding.what


def test_a_private_one_is_found(tmp_path: Path, no_asterisk: Path) -> None:
    private = fake_asterisk(tmp_path / "var" / "asterisk" / "launcher" / "forky" / "asterisk", "22.10.1")
    finding = found(configured(tmp_path), "asterisk")
    assert finding.state == "ok"
    assert str(private) in finding.what


def test_one_that_is_named_must_be_good(tmp_path: Path) -> None:
    old = fake_asterisk(tmp_path / "old" / "asterisk", "18.10.0")
    finding = found(configured(tmp_path, asterisk={"binary": str(old)}), "asterisk")
    assert finding.state == "fault"
    assert "18.10" in finding.what
    finding = found(configured(tmp_path, asterisk={"binary": str(tmp_path / "none")}), "asterisk")
    assert finding.state == "fault"
    assert "none" in finding.what


@pytest.mark.skipif(os.geteuid() != 0, reason="only root chooses whom Asterisk runs as")
def test_the_account(tmp_path: Path) -> None:
    finding = found(configured(tmp_path, asterisk={"user": "no-such-user"}), "account")
    assert finding.state == "fault"
    assert "no-such-user" in finding.what
    closed = tmp_path / "closed"
    closed.mkdir(0o700)
    finding = found(configured(tmp_path, data_dir=str(closed / "var")), "account")
    assert finding.state == "fault"
    assert "may not enter" in finding.what


def test_an_account_that_gets_everywhere() -> None:
    finding = found(load_config(ROOT / "config.yaml"), "account")
    assert finding.name == "account"
    assert finding.state in ("ok", "fault")
    assert (finding.state == "ok") == (not finding.mend)


def test_a_path_too_long_for_a_socket(tmp_path: Path) -> None:
    finding = found(configured(tmp_path, data_dir="x" * 120), "account")
    assert finding.state == "fault"
    assert "107 bytes" in finding.what


def test_the_dialplan(tmp_path: Path) -> None:
    assert found(configured(tmp_path), "dialplan").state == "ok"
    broken = tmp_path / "dialplans"
    shutil.copytree(ROOT / "dialplans", broken)
    (broken / "police.conf").write_text("[somewhere]\n", encoding="utf-8")
    finding = found(configured(tmp_path, asterisk={"dialplans": str(broken)}), "dialplan")
    assert finding.state == "fault"
    assert "police" in finding.what


# -- speech, rules, prompts ----------------------------------------------------------------------------------


def test_a_model_by_its_folder(tmp_path: Path, model_dir: Path) -> None:
    copy = tmp_path / "good-model"
    shutil.copytree(model_dir, copy)
    for named in (str(copy), "./good-model"):  # relative to config.yaml, as the node takes it
        finding = found(configured(tmp_path, speech={"model": named}), "speech")
        assert finding.state == "ok"
        assert finding.what.startswith("good-model，8000 Hz")
        assert "可以限定词表" in finding.what
        assert "适合 8 kHz 电话线路" in finding.what


def test_a_wide_band_model_hears_the_telephone_badly(tmp_path: Path, wide_model_dir: Path) -> None:
    finding = found(configured(tmp_path, speech={"model": str(wide_model_dir)}), "speech")
    assert finding.state == "warning"
    assert "16000 Hz" in finding.what
    assert "线路只有 8 kHz" in finding.what
    assert "python -m asr evaluate" in finding.mend


def test_a_model_that_was_installed_and_chosen(tmp_path: Path, model_dir: Path) -> None:
    config = configured(tmp_path)
    shutil.copytree(model_dir, config.models_dir / "installed-model")
    (config.models_dir / "ACTIVE").write_text("installed-model\n", encoding="utf-8")
    finding = found(config, "speech")
    assert finding.state == "ok"
    assert "installed-model" in finding.what


def test_the_bundled_model_is_for_no_human_caller(tmp_path: Path) -> None:
    if not (BUNDLED_MODEL / "am" / "final.mdl").is_file():
        pytest.fail("no bundled model: train it (models/recipe)")
    link = tmp_path / "link"
    link.symlink_to(BUNDLED_MODEL)
    for config in (configured(tmp_path), configured(tmp_path, speech={"model": str(link)})):
        finding = found(config, "speech")
        assert finding.state == "warning"
        assert "只供演示" in finding.what
        assert "听不懂陌生的真人" in finding.what
        assert "model install 模型.zip" in finding.mend


def test_a_model_that_is_missing_or_broken(tmp_path: Path) -> None:
    finding = found(configured(tmp_path, speech={"model": "no-such-model"}), "speech")
    assert finding.state == "fault"
    assert "no-such-model" in finding.what
    (tmp_path / "half" / "am").mkdir(parents=True)
    finding = found(configured(tmp_path, speech={"model": "./half"}), "speech")
    assert finding.state == "fault"
    assert "am/final.mdl" in finding.what


def test_the_list_of_places(tmp_path: Path) -> None:
    """A long one is heard only in part where a caller is asked for the place, and doctor says so."""
    lexicon, listed = str(ROOT / "triage" / "lexicon"), tmp_path / "places.csv"
    config = configured(tmp_path, triage={"lexicon": lexicon, "gazetteer": str(listed)})
    (missing,) = (one for one in doctor._lexicon(config) if one.name == "gazetteer")
    assert missing.state == "fault"
    for number, state, words in ((20, "ok", "20 个地名"), (2050, "warning", "50 个名称")):
        roads = [f"{chr(0x4E00 + n // 50)}{chr(0x5E00 + n % 50)}路,road,," for n in range(number)]
        listed.write_text("\n".join(("name,level,parent,code", *roads)) + "\n", encoding="utf-8")
        (finding,) = (one for one in doctor._lexicon(config) if one.name == "gazetteer")
        assert finding.state == state
        assert words in finding.what
        assert bool(finding.mend) == (state != "ok")


def test_the_lexicon(tmp_path: Path) -> None:
    finding = found(configured(tmp_path), "lexicon")
    assert finding.state == "ok"
    assert "条短语" in finding.what
    broken = tmp_path / "lexicon"
    shutil.copytree(ROOT / "triage" / "lexicon", broken)
    victim = next(broken.rglob("*.yaml"))
    victim.write_text("rules: [\n", encoding="utf-8")
    finding = found(configured(tmp_path, triage={"lexicon": str(broken)}), "lexicon")
    assert finding.state == "fault"
    assert f"{victim.name}:" in finding.what
    town = tmp_path / "town.yaml"
    town.write_text("fields:\n  fire: {route: minsheng}\n", encoding="utf-8")
    sound = str(ROOT / "triage" / "lexicon")
    finding = found(configured(tmp_path, triage={"lexicon": sound, "town": str(town)}), "lexicon")
    assert finding.state == "fault"
    assert "town.yaml:2: fields.fire.route" in finding.what
    finding = found(configured(tmp_path, triage={"lexicon": str(tmp_path / "none")}), "lexicon")
    assert finding.state == "fault"


def test_prompts(tmp_path: Path) -> None:
    assert found(configured(tmp_path), "prompts").state == "ok"
    finding = found(configured(tmp_path, prompts={"folder": "none"}), "prompts")
    assert finding.state == "fault"
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "greeting.wav").write_bytes(b"RIFF is all")
    finding = found(configured(tmp_path, prompts={"folder": "own"}), "prompts")
    assert finding.state == "fault"
    assert "greeting.wav" in finding.what


# -- database ------------------------------------------------------------------------------------------------


def test_sqlite_new_empty_and_in_use(tmp_path: Path) -> None:
    config = configured(tmp_path)
    assert "首次启动时建立" in found(config, "database").what
    file = tmp_path / "var" / "records.sqlite3"
    file.parent.mkdir()
    file.touch()
    assert found(config, "database").state == "warning"
    with closing(Store(config.database_url)) as store:
        store.upgrade()
    finding = found(config, "database")
    assert finding.state == "ok"
    assert str(file) in finding.what


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database at all, only a long text " * 50, encoding="utf-8")
    finding = found(configured(tmp_path, records={"url": f"sqlite:///{tmp_path}/notes.txt"}), "database")
    assert finding.state == "fault"


def test_a_server_that_is_away_and_the_password_is_not_shown(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://ops:very-secret@127.0.0.1:{free_ports(1)[0]}/calls"
    finding = found(configured(tmp_path, records={"url": url}), "database")
    assert finding.state == "fault"
    assert "very-secret" not in finding.what
    assert "照常接听" in finding.mend


def test_an_address_that_is_none(tmp_path: Path) -> None:
    finding = found(configured(tmp_path, records={"url": "postgresql+psycopg://ops@host:port/"}), "database")
    assert finding.state == "fault"


# -- ports ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sip_port", "ami_port", "fastagi_port", "audiosocket_port"])
def test_a_port_that_somebody_has(tmp_path: Path, name: str) -> None:
    config = configured(tmp_path)
    port = getattr(config.asterisk, name)
    assert found(config, name).what == f"{port} 空闲"
    with closing(socket.create_server(("127.0.0.1", port))):
        finding = found(config, name)
    assert finding.state == "warning"
    assert str(port) in finding.what


def test_the_port_of_the_numbers(tmp_path: Path) -> None:
    config = configured(tmp_path)
    assert found(config, "metrics_port").what == f"{config.metrics.port} 空闲"
    with closing(socket.create_server(("127.0.0.1", config.metrics.port))):
        assert found(config, "metrics_port").state == "warning"
    elsewhere = found(configured(tmp_path, metrics={"address": "192.0.2.1"}), "metrics_port")
    assert (elsewhere.state, elsewhere.mend) == ("warning", "改正 metrics: address:")  # calls go on without
    off = configured(tmp_path, metrics={"port": 0})
    assert "metrics_port" not in [finding.name for finding in doctor._ports(off)]


def test_sip_is_udp_too(tmp_path: Path) -> None:
    config = configured(tmp_path)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
        other.bind(("127.0.0.1", config.asterisk.sip_port))
        assert found(config, "sip_port").state == "warning"


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    finding = found(configured(tmp_path, asterisk={"bind_address": "192.0.2.1"}), "sip_port")
    assert finding.state == "fault"
    assert "192.0.2.1" in finding.what


@pytest.fixture
def control_socket(tmp_path: Path) -> Iterator[tuple[Config, socket.socket]]:
    """What a running Asterisk of ours listens on."""
    config = configured(tmp_path)
    layout = Layout.of(config.asterisk)
    layout.run.mkdir(parents=True)
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(layout.control_socket))
        yield config, listening


def test_ports_of_the_running_system_are_as_they_should_be(
    control_socket: tuple[Config, socket.socket],
) -> None:
    config, listening = control_socket
    with closing(socket.create_server(("127.0.0.1", config.asterisk.ami_port))):
        assert found(config, "ami_port").state == "warning"  # an old socket file that nobody listens on
        listening.listen()
        assert "运行中" in found(config, "ami_port").what
