"""Writes Asterisk's configuration from our settings, and puts the dialplan files beside it.

No value can write a line of its own: settings are checked when they are read (`settings.py`), and everything that a
template prints is checked once more here.
"""

from __future__ import annotations

import hashlib
import os
import re
import resource
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ivr.asterisk import waiting_music
from ivr.asterisk.errors import ConfigurationRefused
from ivr.asterisk.layout import Account, Layout
from ivr.asterisk.modules import REQUIRED, WANTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ivr.asterisk.find import AsteriskInstall
    from ivr.asterisk.settings import AsteriskSettings

TEMPLATES = Path(__file__).resolve().parent / "templates"
#: Where a call can be led to; a dialplan without one of them would lose callers.
NEEDED_CONTEXTS = (
    *("carrier", "in-doubt-police", "police", "member-leg", "agent-leg", "minsheng", "minsheng-wait"),
    *("return-to-police", "police-key", "agents"),
)
PLEASE_HOLD = "please_hold.wav"
WAITING = "waiting.wav"
#: Files whose changes a running Asterisk does not take over by a reload.
ONLY_AT_START = ("asterisk.conf", "modules.conf", "pjsip_transport.conf")
#: Parts of Asterisk that we leave at their defaults; without an empty file each start logs an error for it.
_LEFT_AT_DEFAULTS = (
    *("acl", "ccss", "cel", "pjproject", "queuerules", "stasis", "udptl"),
    *("pjsip_notify", "cli_aliases", "res_parking"),
)
_INSTANCE_FILES = frozenset({"asterisk.conf", "modules.conf"})
_MOST_OPEN_FILES = 65536
_HOSTILE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029;\"\\${}\[\]<>|]")
_CONTEXT = re.compile(r"^\[([A-Za-z0-9_-]+)\]", re.MULTILINE)


class _Escaped(str):
    """Text that has been escaped for Asterisk's files already."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a rendering wrote. `changed`: names of the files that are new or different from before."""

    layout: Layout
    changed: frozenset[str]

    @property
    def needs_restart(self) -> bool:
        """A running Asterisk would not take all of it over by a reload."""
        return not self.changed.isdisjoint(ONLY_AT_START)


def render(
    settings: AsteriskSettings,
    install: AsteriskInstall,
    account: Account,
    *,
    prompts: Path | None = None,
    trace: bool = False,
) -> Rendered:
    """Write everything that an instance needs below `settings.data`.

    `prompts`: folder that may hold the announcement `please_hold.wav` and music of the operator's own, `waiting.wav`
    (both 8 kHz, 16 bit, mono). `trace`: log every step
    of every call, with callers' numbers in clear; for tests only.
    Raises ConfigurationRefused, FolderUnreachable, AsteriskUnusable.
    """
    layout = Layout.of(settings)
    dialplans = read_dialplans(settings.dialplans)
    layout.create(account)
    please_hold = _sounds(layout, prompts, account)
    values = {
        "layout": layout,
        "install": install,
        **_secrets(layout, settings),
        "please_hold": please_hold,
        "trace": trace,
        "open_files": min(_MOST_OPEN_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
        "required": [name for name in REQUIRED if name in install.modules],
        "wanted": [name for name in WANTED if name in install.modules],
        "geolocation": "res_pjsip_geolocation" in install.modules,
    }
    files = _fill(settings, dialplans, values)
    return Rendered(layout, _write(layout.etc, files, account))


def render_for_elsewhere(
    settings: AsteriskSettings, folder: Path, *, prompts: Path | None = None
) -> Rendered:
    """Write the configuration for an Asterisk that runs elsewhere (`--no-asterisk`), with a note how to install it.

    Files of the instance itself (folders, modules) are left to that Asterisk. Raises ConfigurationRefused.
    """
    layout = Layout(folder.absolute())
    dialplans = read_dialplans(settings.dialplans)
    for made in (layout.root, layout.etc, layout.sounds):
        made.mkdir(parents=True, exist_ok=True)
    here = Account.choose(settings.user)
    elsewhere = Layout(Path("/var/lib/asterisk/minsheng110"))
    values = {
        "layout": elsewhere,
        "install": None,
        **_secrets(Layout.of(settings), settings),  # the one that we log in with
        "please_hold": _sounds(layout, prompts, here) and str(elsewhere.sounds / Path(PLEASE_HOLD).stem),
        "trace": False,
        "geolocation": True,
    }
    files = _fill(settings, dialplans, values, leave_out=_INSTANCE_FILES)
    (layout.root / "INSTALL.md").write_text(
        _environment()
        .get_template("INSTALL.md.j2")
        .render(settings=settings, sounds=elsewhere.sounds, files=sorted(files)),
        encoding="utf-8",
    )
    return Rendered(layout, _write(layout.etc, files, here))


def read_dialplans(folder: Path) -> Mapping[str, str]:
    """Name and text of the dialplan files. Raises ConfigurationRefused when there is none or a context is missing."""
    try:
        texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.conf"))}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationRefused(f"the dialplan in {folder} cannot be read: {error}") from None
    if "globals.conf" not in texts:
        raise ConfigurationRefused(
            f"{folder} holds no globals.conf: set `asterisk: dialplans:` to the folder of the dialplan files"
        )
    defined = {name for text in texts.values() for name in _CONTEXT.findall(text)}
    missing = [name for name in NEEDED_CONTEXTS if name not in defined]
    if missing:
        raise ConfigurationRefused(
            f"the dialplan in {folder} has no context {', '.join(f'[{name}]' for name in missing)}; calls would be "
            "lost there. Put it back, or take the files of the last version that worked."
        )
    return texts


def _secrets(layout: Layout, settings: AsteriskSettings) -> dict[str, Any]:
    """AMI's password, and one that stays the same and that nobody can know."""
    ami = layout.ami_secret(settings.ami_secret)
    nobodys = hashlib.sha256(b"registration:" + ami.get_secret_value().encode()).hexdigest()
    return {"ami_secret": ami, "nobodys_password": nobodys}


def _fill(
    settings: AsteriskSettings,
    dialplans: Mapping[str, str],
    values: Mapping[str, Any],
    *,
    leave_out: frozenset[str] = frozenset(),
) -> dict[str, str]:
    environment = _environment()
    files = {}
    for template in sorted(TEMPLATES.glob("*.conf.j2")):
        name = template.stem
        if name not in leave_out:
            files[name] = environment.get_template(template.name).render(
                settings=settings, dialplans=[n for n in dialplans if n != "globals.conf"], uri=_uri, **values
            )
    if "asterisk.conf" in files:
        files |= {f"{name}.conf": "; at its defaults\n" for name in _LEFT_AT_DEFAULTS}
    return files | {f"dialplans/{name}": text for name, text in dialplans.items()}


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        finalize=_refuse_hostile,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - no HTML is made here
    )


def _refuse_hostile(value: object) -> object:
    """Let a value into a file only when it cannot end its line, open a comment, a section or an expression."""
    if not isinstance(value, _Escaped) and _HOSTILE.search(str(value)):
        raise ConfigurationRefused(
            f"{str(value)[:80]!r} has characters that Asterisk's files give a meaning of their own"
        )
    return value


def _uri(uri: str) -> _Escaped:
    """A SIP address (checked by the settings) with its `;` escaped, which would begin a comment."""
    bare = uri.replace(";", "")
    _refuse_hostile(bare)
    return _Escaped(uri.replace(";", "\\;"))


def _sounds(layout: Layout, prompts: Path | None, account: Account) -> str:
    """Write the waiting music and the announcement; the latter's name without suffix, empty when there is none."""
    music = layout.sounds / "music"
    music.mkdir(exist_ok=True)
    own = prompts / WAITING if prompts else None
    if own is not None and own.is_file():
        _check_sound(own)
        (music / WAITING).write_bytes(own.read_bytes())
    else:
        waiting_music.write(music / WAITING)
    _give(music, 0o750, account)
    _give(music / WAITING, 0o640, account)
    source = prompts / PLEASE_HOLD if prompts else None
    if source is None or not source.is_file():
        return ""
    _check_sound(source)
    target = layout.sounds / PLEASE_HOLD
    target.write_bytes(source.read_bytes())
    _give(target, 0o640, account)
    return str(target.with_suffix(""))


def _check_sound(path: Path) -> None:
    try:
        with wave.open(str(path)) as file:
            form = (file.getframerate(), file.getsampwidth(), file.getnchannels())
    except (OSError, EOFError, wave.Error) as error:
        raise ConfigurationRefused(f"{path} is no wav file: {error}") from None
    if form != (8000, 2, 1):
        raise ConfigurationRefused(
            f"{path} must be 8000 Hz, 16 bit, mono for Asterisk to play it; it is {form}"
        )


def _write(folder: Path, files: Mapping[str, str], account: Account) -> frozenset[str]:
    """Replace each file that differs, each in one step; remove dialplan files that are gone."""
    changed = set()
    (folder / "dialplans").mkdir(exist_ok=True)
    _give(folder / "dialplans", 0o750, account)
    for name, text in files.items():
        target = folder / name
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            fresh = target.with_name(f".{target.name}.new")
            fresh.touch(mode=0o600)
            fresh.write_text(text, encoding="utf-8")
            _give(fresh, 0o640, account)
            fresh.replace(target)
            changed.add(name)
    for old in (folder / "dialplans").glob("*.conf"):
        if f"dialplans/{old.name}" not in files:
            old.unlink()
            changed.add(f"dialplans/{old.name}")
    return frozenset(changed)


def _give(path: Path, mode: int, account: Account) -> None:
    """Readable for the account's group, writable only for us."""
    path.chmod(mode)
    if account.switch:
        os.chown(path, 0, account.gid)
