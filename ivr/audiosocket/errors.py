"""What can go wrong on an AudioSocket: ours, theirs, and the line's."""

from ivr.errors import IvrError


class AudioSocketError(IvrError):
    """Anything wrong with one call's audio; the caller belongs to the police queue then (law 1)."""


class LocalProtocolError(AudioSocketError, ValueError):
    """We were about to send what Asterisk would refuse; the caller of this room must mend its audio."""


class RemoteProtocolError(AudioSocketError):
    """The peer sent what is not AudioSocket as Asterisk speaks it; the connection has been closed."""


class PeerNotReading(AudioSocketError):
    """Asterisk takes no more audio; the connection has been dropped, look at Asterisk's health."""


class EventsLost(AudioSocketError):
    """The consumer of a session was too slow and `count` events were dropped at this point of the stream.

    Iteration may go on afterwards; what follows is later in time than the gap.
    """

    def __init__(self, count: int) -> None:
        super().__init__(
            f"{count} AudioSocket events were dropped because nobody took them in time; "
            "hand the call to the police queue and look for what blocks its task"
        )
        self.count = count


class NoCapacity(AudioSocketError):
    """As many calls as `max_sessions` are expected or talking; send this one to the police queue."""


class AlreadyExpected(AudioSocketError):
    """The same call is expected twice, or is talking already; make a fresh UUID for each connection."""


class ServerClosed(AudioSocketError):
    """The server is closed or not started; start it before any call is expected."""
