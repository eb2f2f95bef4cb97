"""Errors of a FastAGI session. Whatever is raised, leaving the script lets the dialplan go on to police."""

from __future__ import annotations

from ivr.errors import IvrError


class AgiError(IvrError):
    """Base of this sub-room's errors; a handler that lets it pass ends its own session and no other."""


class CallerGone(AgiError):
    """The caller hung up, or Asterisk closed the session; leave the script."""


class SessionClosed(AgiError):
    """This server closes and took the session away; leave the script, the dialplan goes on to police."""


class AgiTimeout(AgiError):
    """Asterisk did not answer in time. The session cannot be used any more: leave the script."""


class AgiProtocolError(AgiError):
    """What arrived is no AGI. The session cannot be used any more; see who connects to the FastAGI port."""


class ArgumentRefused(AgiError, ValueError):
    """A command, name or value that cannot be used; nothing was done, the session goes on. Mend the code."""


class AppFailed(AgiError):
    """A dialplan application failed or does not exist; load its module, or go on without it."""

    def __init__(self, application: str, result: str) -> None:
        reason = "is not loaded in Asterisk" if result == "-2" else "failed"
        super().__init__(f"{application} {reason} (result={result}); see Asterisk's messages log")
        self.application = application
        self.result = result
