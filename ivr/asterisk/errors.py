"""What can go wrong with Asterisk itself; each message says what to do next."""

from __future__ import annotations


class AsteriskError(Exception):
    """Base of this room's errors."""


class AsteriskNotFound(AsteriskError):
    """No usable Asterisk on this machine, and none could be installed."""


class AsteriskUnusable(AsteriskError):
    """An Asterisk was found that lacks a module or cannot be run."""


class ConfigurationRefused(AsteriskError):
    """A setting or a dialplan file cannot be rendered into Asterisk's configuration."""


class FolderUnreachable(AsteriskError):
    """The user that Asterisk runs as cannot enter or read a folder that it needs."""


class AsteriskStartFailed(AsteriskError):
    """Asterisk was started and ended, or did not finish booting in time."""


class AsteriskUnreachable(AsteriskError):
    """A running Asterisk does not answer on its control socket."""
