"""The rendered files: complete, private, free of what a value could smuggle in, and only rewritten when different."""

from __future__ import annotations

import re
import stat
import wave
from pathlib import Path

import pytest

from ivr.asterisk.errors import ConfigurationRefused
from ivr.asterisk.find import AsteriskInstall
from ivr.asterisk.layout import Account, Layout
from ivr.asterisk.modules import REQUIRED, SPEECH
from ivr.asterisk.render import (
    TEMPLATES,
    Rendered,
    _refuse_hostile,
    read_dialplans,
    render,
    render_for_elsewhere,
)
from ivr.asterisk.settings import AsteriskSettings
from ivr.asterisk.version import AsteriskVersion
from tests.asterisk_instance import ROOT

DIALPLANS = ROOT / "dialplans"


@pytest.fixture
def install(tmp_path: Path) -> AsteriskInstall:
    """An Asterisk with all that it needs and nothing more."""
    modules = tmp_path / "modules"
    modules.mkdir()
    for name in (*REQUIRED, *SPEECH):
        (modules / f"{name}.so").touch()
    return AsteriskInstall(tmp_path / "asterisk", modules, tmp_path, AsteriskVersion(22, 4))


def rendered(
    install: AsteriskInstall, folder: Path, prompts: Path | None = None, **fields: object
) -> Rendered:
    settings = AsteriskSettings.model_validate({"data": folder, "dialplans": DIALPLANS, **fields})
    return render(settings, install, Account.choose(None), prompts=prompts)


def text(result: Rendered, name: str) -> str:
    return (result.layout.etc / name).read_text(encoding="utf-8")


def test_all_templates_become_files(install: AsteriskInstall, reachable_tmp: Path) -> None:
    result = rendered(install, reachable_tmp)
    assert {path.stem for path in TEMPLATES.glob("*.conf.j2")} <= result.changed
    assert result.needs_restart
    for name in result.changed:
        assert "{{" not in text(result, name)
        assert stat.S_IMODE((result.layout.etc / name).stat().st_mode) == 0o640


def test_the_same_settings_change_nothing(install: AsteriskInstall, reachable_tmp: Path) -> None:
    rendered(install, reachable_tmp)
    again = rendered(install, reachable_tmp)
    assert not again.changed
    assert not again.needs_restart
    assert rendered(install, reachable_tmp, police_lines=7).changed == {"extensions.conf"}


def test_only_modules_that_are_there_are_loaded(install: AsteriskInstall, reachable_tmp: Path) -> None:
    result = rendered(install, reachable_tmp)
    loaded = set(re.findall(r"(?:load|require) = (\w+)\.so", text(result, "modules.conf")))
    assert loaded == {*REQUIRED, *SPEECH}
    assert "geoloc" not in text(result, "pjsip.conf")


def test_members_become_phones_and_queue_members(install: AsteriskInstall, reachable_tmp: Path) -> None:
    result = rendered(
        install,
        reachable_tmp,
        police=(
            {"name": "p1", "uri": "sip:p1@192.0.2.9:5070;transport=tcp"},
            {"name": "p2", "password": "secret-12"},
        ),
        minsheng=(),
    )
    pjsip = text(result, "pjsip.conf")
    assert "contact = sip:p1@192.0.2.9:5070\\;transport=tcp\n" in pjsip
    assert "password = secret-12\n" in pjsip
    queues = text(result, "queues.conf")
    assert "member => PJSIP/p1,0,p1\nmember => PJSIP/p2,0,p2\n" in queues
    assert queues.count("member =>") == 2
    assert "POLICE_DIAL=PJSIP/p1&PJSIP/p2\n" in text(result, "extensions.conf")


def test_the_trunk_is_escaped(install: AsteriskInstall, reachable_tmp: Path) -> None:
    result = rendered(install, reachable_tmp, minsheng_trunk="sip:12345@192.0.2.1;transport=tcp")
    assert "MINSHENG_TRUNK=sip:12345@192.0.2.1\\;transport=tcp\n" in text(result, "extensions.conf")


@pytest.mark.parametrize(
    "hostile", ["a\nb", "a;b", "${X}", "$[1]", 'a"b', "a\\b", "x\u2028y", "a\x85b", "<x>", "[x]"]
)
def test_nothing_hostile_is_printed_into_a_file(hostile: str) -> None:
    with pytest.raises(ConfigurationRefused):
        _refuse_hostile(hostile)


def test_settings_that_were_not_checked_are_refused_too(
    install: AsteriskInstall, reachable_tmp: Path
) -> None:
    settings = AsteriskSettings(data=reachable_tmp, dialplans=DIALPLANS).model_copy(
        update={"ami_user": "x]\nsecret=\n[root"}
    )
    with pytest.raises(ConfigurationRefused):
        render(settings, install, Account.choose(None))


def test_a_folder_with_a_strange_name_is_refused(install: AsteriskInstall, reachable_tmp: Path) -> None:
    with pytest.raises(ConfigurationRefused):
        rendered(install, reachable_tmp / "a;b")


def test_a_path_too_long_for_a_socket_is_refused(install: AsteriskInstall, reachable_tmp: Path) -> None:
    with pytest.raises(ConfigurationRefused, match="shorter path"):
        rendered(install, reachable_tmp / ("x" * 100))


def test_the_ami_password_is_made_once_and_kept(install: AsteriskInstall, reachable_tmp: Path) -> None:
    layout = rendered(install, reachable_tmp).layout
    secret = layout.ami_secret(None).get_secret_value()
    assert len(secret) == 48
    assert f"secret = {secret}\n" in (layout.etc / "manager.conf").read_text()
    assert Layout(reachable_tmp).ami_secret(None).get_secret_value() == secret


def test_the_configured_ami_password_is_used(install: AsteriskInstall, reachable_tmp: Path) -> None:
    result = rendered(install, reachable_tmp, ami_secret="chosen-by-us")  # noqa: S106 - of the test
    assert "secret = chosen-by-us\n" in text(result, "manager.conf")
    assert not (reachable_tmp / "ami.secret").exists()


def prompt(folder: Path, rate: int = 8000) -> Path:
    folder.mkdir(exist_ok=True)
    with wave.open(str(folder / "please_hold.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"\0\0" * 800)
    return folder


def test_the_announcement_is_played_when_there_is_one(
    install: AsteriskInstall, reachable_tmp: Path, tmp_path: Path
) -> None:
    assert "periodic-announce =" not in text(rendered(install, reachable_tmp), "queues.conf")
    result = rendered(install, reachable_tmp, prompts=prompt(tmp_path / "p"))
    assert f"periodic-announce = {result.layout.sounds}/please_hold\n" in text(result, "queues.conf")
    assert (result.layout.sounds / "please_hold.wav").exists()
    with pytest.raises(ConfigurationRefused, match="8000 Hz"):
        rendered(install, reachable_tmp, prompts=prompt(tmp_path / "q", rate=16000))


@pytest.mark.parametrize(
    "context", ["carrier", "police", "minsheng", "return-to-police", "member-leg", "agents"]
)
def test_a_dialplan_that_would_lose_calls_is_refused(tmp_path: Path, context: str) -> None:
    for name, body in read_dialplans(DIALPLANS).items():
        (tmp_path / name).write_text(body.replace(f"[{context}]", f"[was-{context}]"), encoding="utf-8")
    with pytest.raises(ConfigurationRefused, match=rf"no context \[{context}\]"):
        read_dialplans(tmp_path)


def test_an_empty_dialplan_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationRefused, match=r"globals\.conf"):
        read_dialplans(tmp_path)


def test_a_dialplan_file_that_is_gone_is_gone_from_the_rendering(
    install: AsteriskInstall, reachable_tmp: Path, tmp_path: Path
) -> None:
    plans = tmp_path / "plans"
    plans.mkdir()
    for name, body in read_dialplans(DIALPLANS).items():
        (plans / name).write_text(body, encoding="utf-8")
    (plans / "extra.conf").write_text("[extra]\n", encoding="utf-8")
    first = rendered(install, reachable_tmp, dialplans=plans)
    assert '#include "dialplans/extra.conf"' in text(first, "extensions.conf")
    (plans / "extra.conf").unlink()
    second = rendered(install, reachable_tmp, dialplans=plans)
    assert second.changed == {"extensions.conf", "dialplans/extra.conf"}
    assert not (second.layout.etc / "dialplans/extra.conf").exists()


def test_for_an_asterisk_elsewhere(tmp_path: Path) -> None:
    settings = AsteriskSettings(dialplans=DIALPLANS, server_address="192.0.2.5", data=tmp_path / "unused")
    result = render_for_elsewhere(settings, tmp_path / "out", prompts=prompt(tmp_path / "p"))
    note = (tmp_path / "out" / "INSTALL.md").read_text(encoding="utf-8")
    assert "192.0.2.5:4510" in note
    assert "func_shell" in note
    assert not {"asterisk.conf", "modules.conf"} & result.changed
    assert "FASTAGI_URL=agi://192.0.2.5:4510\n" in text(result, "extensions.conf")
    assert "directory = /var/lib/asterisk/minsheng110/sounds/music\n" in text(result, "musiconhold.conf")
    assert [path.name for path in (tmp_path / "unused").iterdir()] == [
        "ami.secret"
    ]  # the one that we log in with
