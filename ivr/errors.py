"""Errors of the telephone that no single adapter owns. Each says what to do next."""


class IvrError(Exception):
    """Base of this room's errors."""


class IllegalStep(IvrError):
    """Something happened to a call that the table of its life does not know: a bug, never a caller's fault."""


class ConfigInvalid(IvrError):
    """config.yaml cannot be used; the text names each key and what would be right."""


class ServerNotRunning(IvrError):
    """A command needs the running system; start it with `python -m ivr serve`."""


class RulesNotReloaded(IvrError):
    """The running system keeps the rules that it has; the text says what is wrong with the new ones, and where."""


class CallNotRecorded(IvrError):
    """A call was answered, but the records that we read tell nothing of it: most likely they are not the system's."""


class NodeFailed(IvrError):
    """The node process could not be started; its log says why."""
