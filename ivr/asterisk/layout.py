"""Where everything of one Asterisk instance lies, who owns it, and whether its user can get there."""

from __future__ import annotations

import os
import pwd
import secrets
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from ivr.asterisk.errors import ConfigurationRefused, FolderUnreachable

if TYPE_CHECKING:
    from pathlib import Path

    from ivr.asterisk.settings import AsteriskSettings

#: The longest path of a unix socket is 107 bytes and its closing zero (unix(7)).
_LONGEST_SOCKET_PATH = 107
_SECRET_BYTES = 24


@dataclass(frozen=True, slots=True)
class Account:
    """The system user that Asterisk runs as. `switch`: we are root and become that user."""

    name: str
    uid: int
    gid: int
    switch: bool

    @classmethod
    def choose(cls, name: str | None) -> Account:
        """The named user, else `asterisk`, else `nobody`; ourselves when we are not root.

        Raises ConfigurationRefused for a name that the system does not know, or that is root's.
        """
        if os.geteuid() != 0:
            me = pwd.getpwuid(os.geteuid())
            return cls(me.pw_name, me.pw_uid, me.pw_gid, switch=False)
        for candidate in (name,) if name else ("asterisk", "nobody"):
            try:
                found = pwd.getpwnam(candidate)
            except KeyError:
                continue
            if found.pw_uid == 0:
                raise ConfigurationRefused("asterisk: user: must not be root; name an unprivileged user")
            return cls(found.pw_name, found.pw_uid, found.pw_gid, switch=True)
        raise ConfigurationRefused(
            f"asterisk: user: {name or 'nobody'} is no user of this system; `adduser --system` it"
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one instance, below `root`."""

    root: Path

    @classmethod
    def of(cls, settings: AsteriskSettings) -> Layout:
        """The layout that the settings ask for. Raises ConfigurationRefused when the path is too long for a socket."""
        layout = cls(settings.data.absolute())
        length = len(os.fsencode(layout.control_socket))
        if length > _LONGEST_SOCKET_PATH:
            raise ConfigurationRefused(
                f"{layout.control_socket}: a socket's path may have {_LONGEST_SOCKET_PATH} bytes, this has {length}. "
                "Set `asterisk: data:` to a folder with a shorter path."
            )
        return layout

    @property
    def etc(self) -> Path:
        """The rendered configuration."""
        return self.root / "etc"

    @property
    def main_file(self) -> Path:
        """What `asterisk -C` is given."""
        return self.etc / "asterisk.conf"

    @property
    def run(self) -> Path:
        """Control socket and process id."""
        return self.root / "run"

    @property
    def control_socket(self) -> Path:
        """Asterisk's own console socket."""
        return self.run / "asterisk.ctl"

    @property
    def pid_file(self) -> Path:
        """Holds the process id of a running instance."""
        return self.run / "asterisk.pid"

    @property
    def log(self) -> Path:
        """Asterisk's logs and call records."""
        return self.root / "log"

    @property
    def lib(self) -> Path:
        """Asterisk's own database and keys."""
        return self.root / "lib"

    @property
    def spool(self) -> Path:
        """Asterisk's working directory."""
        return self.root / "spool"

    @property
    def sounds(self) -> Path:
        """Waiting music and announcements."""
        return self.root / "sounds"

    def create(self, account: Account) -> None:
        """Make the folders and give to the account those that it writes. Raises FolderUnreachable."""
        self.root.mkdir(parents=True, exist_ok=True)
        for folder in (self.run, self.log, self.log / "cdr-custom", self.lib, self.lib / "keys", self.spool):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o750)
            if account.switch:
                os.chown(folder, account.uid, account.gid)
        for folder in (self.etc, self.sounds):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o750)
            if account.switch:
                os.chown(folder, 0, account.gid)
        check_reachable(self.etc, account)

    def ami_secret(self, configured: SecretStr | None) -> SecretStr:
        """The AMI password: the configured one, else one that is made once and kept for the account that we run as."""
        if configured is not None:
            return configured
        kept = self.root / "ami.secret"
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return SecretStr(kept.read_text(encoding="ascii").strip())
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            made = secrets.token_hex(_SECRET_BYTES)
            file.write(made + "\n")
        return SecretStr(made)


def check_reachable(path: Path, account: Account) -> None:
    """Raise FolderUnreachable, naming the folder and the remedy, when the account cannot get as far as `path`."""
    for folder in (*reversed(path.absolute().parents), path.absolute()):
        if not _may_enter(folder.stat(), account):
            raise FolderUnreachable(
                f"Asterisk runs as user {account.name}, who may not enter {folder} on the way to {path}. Either "
                f"`chmod o+x {folder}`, or set `asterisk: data:` to a folder that all may enter (below /srv or "
                f"/var/lib), or `asterisk: user:` to a user who may."
            )


def _may_enter(status: os.stat_result, account: Account) -> bool:
    if account.uid == 0:
        return True
    if status.st_uid == account.uid:
        return bool(status.st_mode & (stat.S_IXUSR if stat.S_ISDIR(status.st_mode) else stat.S_IRUSR))
    if status.st_gid == account.gid:
        return bool(status.st_mode & (stat.S_IXGRP if stat.S_ISDIR(status.st_mode) else stat.S_IRGRP))
    return bool(status.st_mode & (stat.S_IXOTH if stat.S_ISDIR(status.st_mode) else stat.S_IROTH))
