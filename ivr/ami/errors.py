"""Errors of the manager interface. None of them may stop a call: AMI is never on the deciding path."""

from __future__ import annotations

from ivr.errors import IvrError


class AmiError(IvrError):
    """Base of this sub-room's errors."""


class AmiUnavailable(AmiError):
    """No AMI connection now; it is being made again, try later. Check manager.conf and that Asterisk runs."""


class AmiTimeout(AmiError):
    """Asterisk did not answer an action in time; whether it was done is not known."""


class AmiRefused(AmiError):
    """Asterisk answered with an error; its own words are the text. For a login: check user and secret."""


class AmiFieldRefused(AmiError, ValueError):
    """A name or value that cannot be sent safely; nothing was sent. Mend the calling code."""


class AmiProtocolError(AmiError):
    """What arrived is no AMI; check that host and port are Asterisk's manager interface."""
