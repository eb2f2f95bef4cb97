"""What can go wrong on a softphone; each message says what to do next."""


class SoftphoneError(Exception):
    """Any error of this room."""


class SipParseError(SoftphoneError, ValueError):
    """Bytes from the wire that are no SIP message (or one beyond the bounds we accept)."""


class SdpError(SoftphoneError, ValueError):
    """A session description that is broken, or offers no A-law audio over RTP."""


class RtpParseError(SoftphoneError, ValueError):
    """Bytes from the wire that are no RTP packet or no RFC 4733 event."""


class HeaderRefused(SoftphoneError, ValueError):
    """A header of our own that would break the message (a line break in it, or a name that is no token)."""


class NotInCall(SoftphoneError):
    """Speaking, pressing or transferring without an answered call: dial() first, or check `ended`."""


class CallRejected(SoftphoneError):
    """The far end answered the INVITE with a final failure.

    `code` is the SIP status (RFC 3261 §21), `reason` the far end's own words for it.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(
            f"the call was rejected with {code} {reason}; look at the far end's log for that call"
        )
        self.code = code
        self.reason = reason


class CallTimeout(SoftphoneError):
    """Nobody answered in time; the INVITE was cancelled."""

    def __init__(self, dialled: str, timeout_s: float, *, rang: bool) -> None:
        heard = "it was ringing" if rang else "nothing came back: check that Asterisk listens on that address"
        super().__init__(f"{dialled} did not answer within {timeout_s:g} s ({heard})")
        self.rang = rang


class TransferFailed(SoftphoneError):
    """A REFER that was refused, or whose result (NOTIFY sipfrag) was a failure."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"the transfer failed with {code} {reason}; the call stays where it was")
        self.code = code
        self.reason = reason


class RegistrationFailed(SoftphoneError):
    """The registrar refused, or did not answer; check the user name and the secret in pjsip.conf."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"registration failed with {code} {reason}; check user name, secret and address")
        self.code = code
        self.reason = reason
