"""Transactions over UDP: what is sent again, and when we give up (RFC 3261 §17, RFC 6026).

Pure: the caller passes the time in (any clock in seconds) and sends what comes back. Each transaction has one
deadline, `next_at`; when it has come, `poll(now)` gives the bytes to send again, or None and a changed state.

    client:  CALLING -> PROCEEDING -> FINISHED -> OVER
    server:             PROCEEDING -> FINISHED -> OVER

Either ends in TIMED_OUT instead when no answer (client) or no ACK of an INVITE (server) came in time.
FINISHED lingers for 64*T1, to answer repetitions: over UDP the other side may not have heard us.
"""

import math
from enum import Enum

from ivr.softphone.address import Via
from ivr.softphone.message import Headers, SipRequest, SipResponse, serialise

T1_S = 0.5  # RFC 3261 §17.1.1.1: an estimate of the round trip
T2_RATIO = 8  # T2 = 4 s, the longest pause between two sendings
GIVE_UP_RATIO = 64  # timers B, F, H and J are 64*T1


class State(Enum):
    """Where a transaction stands."""

    CALLING = "calling"
    PROCEEDING = "proceeding"
    FINISHED = "finished"
    TIMED_OUT = "timed out"
    OVER = "over"


def branch_of(message: SipRequest | SipResponse) -> str:
    """Return the topmost Via's branch. Raises SipParseError when there is no Via."""
    return Via.parse((message.headers.every("Via") or ("",))[0]).branch


def method_of(message: SipRequest | SipResponse) -> str:
    """Return the CSeq's method."""
    return message.headers.get("CSeq").rpartition(" ")[2]


def ack_of_failure(invite: SipRequest, response: SipResponse) -> SipRequest:
    """Build the ACK of a non-2xx: hop by hop, same branch as the INVITE (RFC 3261 §17.1.1.3)."""
    names = ("From", "Call-ID", "Route", "Max-Forwards")
    kept = [item for item in invite.headers if item[0] in names]
    sequence = invite.headers.get("CSeq").split(" ")[0]
    via = ("Via", invite.headers.every("Via")[0])
    pairs = [via, *kept, ("To", response.headers.get("To")), ("CSeq", f"{sequence} ACK")]
    return SipRequest("ACK", invite.uri, Headers.of(pairs))


class ClientTransaction:
    """One request of ours, repeated until it is answered."""

    def __init__(self, request: SipRequest, now: float, t1_s: float = T1_S) -> None:
        self.request = request
        self.key = (branch_of(request), request.method)
        self.state = State.CALLING
        self._invite = request.method == "INVITE"
        self._t1_s = t1_s
        self._pause_s = t1_s
        self._wire = serialise(request)
        self._reply: bytes | None = None
        self._again_at = now + t1_s
        self._end_at = now + GIVE_UP_RATIO * t1_s

    @property
    def wire(self) -> bytes:
        """The request as bytes, for the first sending."""
        return self._wire

    @property
    def next_at(self) -> float:
        """When poll() wants to be called; infinite when never."""
        return math.inf if self.state in (State.OVER, State.TIMED_OUT) else min(self._again_at, self._end_at)

    def poll(self, now: float) -> bytes | None:
        """Return the request when it is to be sent again; give up when its time is over."""
        if now >= self._end_at and self.state is not State.OVER:
            self.state = State.OVER if self.state is State.FINISHED else State.TIMED_OUT
            return None
        if now < self._again_at:
            return None
        self._pause_s *= 2
        if not self._invite:  # timer E; timer A of an INVITE doubles on
            self._pause_s = min(self._pause_s, T2_RATIO * self._t1_s)
        self._again_at = now + self._pause_s
        return self._wire

    def receive(self, response: SipResponse, now: float) -> tuple[bool, bytes | None]:
        """Take a response: (is it news for the call?, bytes to send back at once)."""
        if self.state in (State.OVER, State.TIMED_OUT):
            return False, None
        if self.state is State.FINISHED:
            return False, self._reply if response.code >= 200 else None
        if response.code < 200:
            self.state = State.PROCEEDING
            if self._invite:
                self._again_at = self._end_at = math.inf  # it may ring for minutes
            return True, None
        self.state = State.FINISHED
        self._again_at = math.inf
        self._end_at = now + GIVE_UP_RATIO * self._t1_s
        if self._invite and response.code >= 300:
            self._reply = serialise(ack_of_failure(self.request, response))
        return True, self._reply

    def acknowledge(self, ack: bytes) -> None:
        """Keep the dialog's ACK of a 2xx, to answer its repetitions (RFC 3261 §13.2.2.4)."""
        self._reply = ack


class ServerTransaction:
    """One request of theirs: our last answer, repeated when they ask again and (INVITE) until they ACK."""

    def __init__(self, request: SipRequest, t1_s: float = T1_S) -> None:
        via = Via.parse((request.headers.every("Via") or ("",))[0])
        self.request = request
        self.key = (via.branch, f"{via.host}:{via.port}", request.method)
        self.state = State.PROCEEDING
        self._t1_s = t1_s
        self._pause_s = t1_s
        self._wire: bytes | None = None
        self._again_at = math.inf
        self._end_at = math.inf
        self._acked = request.method != "INVITE"

    @property
    def next_at(self) -> float:
        """When poll() wants to be called; infinite when never."""
        return math.inf if self.state in (State.OVER, State.TIMED_OUT) else min(self._again_at, self._end_at)

    def respond(self, response: SipResponse, now: float) -> bytes | None:
        """Return the bytes to send; None when a final answer has already been given."""
        if self.state is not State.PROCEEDING:
            return None
        self._wire = serialise(response)
        if response.code >= 200:
            self.state = State.FINISHED
            self._end_at = now + GIVE_UP_RATIO * self._t1_s
            if not self._acked:
                self._again_at = now + self._t1_s
        return self._wire

    def receive_again(self) -> bytes | None:
        """Return the last answer, for a request that came once more."""
        return None if self.state is State.OVER else self._wire

    def receive_ack(self) -> None:
        """Stop repeating the final answer to an INVITE."""
        self._acked = True
        self._again_at = math.inf

    def poll(self, now: float) -> bytes | None:
        """Return the final answer when it is to be sent again; give up when no ACK came."""
        if now >= self._end_at:
            self.state = State.OVER if self._acked else State.TIMED_OUT
            return None
        if now < self._again_at:
            return None
        self._pause_s = min(2 * self._pause_s, T2_RATIO * self._t1_s)  # timer G, and §13.3.1.4 for a 2xx
        self._again_at = now + self._pause_s
        return self._wire
