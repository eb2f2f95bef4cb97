"""Session descriptions: one A-law audio stream with telephone events (RFC 4566, RFC 3264, RFC 4733). Pure."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ivr.softphone.errors import SdpError

PCMA_TYPE = 8  # RFC 3551 table 4
EVENT_TYPE = 101  # the dynamic type that everybody uses for telephone-event
MAX_LINES = 512
CONTENT_TYPE = "application/sdp"
_AUDIO = re.compile(r"audio ([0-9]{1,5})(?:/[0-9]+)? RTP/AVP((?: [0-9]{1,3})+)")
_CONNECTION = re.compile(r"IN IP[46] ([0-9A-Za-z.:\-]{1,255})(?:/.*)?")
_RTPMAP = re.compile(r"rtpmap:([0-9]{1,3}) ([A-Za-z0-9\-]+)/([0-9]+)(?:/.*)?")


class Direction(StrEnum):
    """Who may send, as the describing side sees it (RFC 3264 §5.1)."""

    BOTH = "sendrecv"
    SEND = "sendonly"
    RECEIVE = "recvonly"
    NONE = "inactive"

    @property
    def mirrored(self) -> "Direction":
        """The answer that fits this offer."""
        return {Direction.SEND: Direction.RECEIVE, Direction.RECEIVE: Direction.SEND}.get(self, self)


@dataclass(frozen=True, slots=True)
class AudioDescription:
    """One side's audio: where it wants to receive, and which payload types it speaks."""

    host: str
    port: int
    pcma_type: int = PCMA_TYPE
    event_type: int | None = EVENT_TYPE
    direction: Direction = Direction.BOTH
    other_media: tuple[str, ...] = ()  # the m= lines besides our audio, in order; an answer declines them
    audio_index: int = 0  # where our audio stands among all m= lines

    @property
    def listens(self) -> bool:
        """True when sound may be sent to that side now (it is not on hold; RFC 3264 §8.4)."""
        return (
            self.port > 0 and self.host != "0.0.0.0" and self.direction in (Direction.BOTH, Direction.RECEIVE)
        )


def parse(body: bytes) -> AudioDescription:
    """Read a description. Raises SdpError when there is no A-law audio over plain RTP in it."""
    lines = body.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if len(lines) > MAX_LINES:
        raise SdpError(f"more than {MAX_LINES} lines of SDP; dropped")
    common, media = _sections(lines)
    audio = None
    others = []
    for index, section in enumerate(media):
        if audio is None and (found := _audio(index, section, common)) is not None:
            audio = found
        else:
            others.append(section[0].removeprefix("m="))
    if audio is None:
        raise SdpError("no A-law audio (PCMA over RTP/AVP) in the SDP; allow alaw on that endpoint")
    return AudioDescription(
        audio.host,
        audio.port,
        audio.pcma_type,
        audio.event_type,
        audio.direction,
        tuple(others),
        audio.audio_index,
    )


def _sections(lines: list[str]) -> tuple[list[str], list[list[str]]]:
    common: list[str] = []
    media: list[list[str]] = []
    for line in lines:
        if line.startswith("m="):
            media.append([line])
        elif line:
            (media[-1] if media else common).append(line)
    return common, media


def _audio(index: int, section: list[str], common: list[str]) -> AudioDescription | None:
    match = _AUDIO.fullmatch(section[0].removeprefix("m=").strip())
    if match is None or not 0 < int(match[1]) <= 65_535:
        return None
    types = [int(number) for number in match[2].split()]
    names = {}
    for mapped in (_RTPMAP.fullmatch(value) for value in _values("a", section)):
        if mapped and mapped[3] == "8000":
            names[int(mapped[1])] = mapped[2].lower()
    names.setdefault(PCMA_TYPE, "pcma")  # a static type needs no rtpmap
    pcma = next((number for number in types if names.get(number) == "pcma"), None)
    event = next((number for number in types if names.get(number) == "telephone-event"), None)
    hosts = [found[1] for found in map(_CONNECTION.fullmatch, _values("c", section + common)) if found]
    if pcma is None or pcma > 127 or (event or 0) > 127 or not hosts or not _is_address(hosts[0]):
        return None
    wanted = [value for value in _values("a", section + common) if value in set(Direction)]
    direction = Direction(wanted[0]) if wanted else Direction.BOTH
    return AudioDescription(hosts[0], int(match[1]), pcma, event, direction, audio_index=index)


def _is_address(host: str) -> bool:
    """Tell an IP address from a name; a look-up would block the loop, and a hostile SDP would choose it."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _values(key: str, lines: list[str]) -> Iterator[str]:
    return (line[2:].strip() for line in lines if line.startswith(f"{key}="))


def offer(host: str, port: int, session: int) -> bytes:
    """Describe our side: A-law and telephone events, received on host:port."""
    return _written(AudioDescription(host, port), session)


def answer(to: AudioDescription, host: str, port: int, session: int) -> bytes:
    """Answer an offer with our own address; every other m= line is declined (RFC 3264 §6)."""
    return _written(
        AudioDescription(
            host, port, to.pcma_type, to.event_type, to.direction.mirrored, to.other_media, to.audio_index
        ),
        session,
    )


def _written(ours: AudioDescription, session: int) -> bytes:
    family = "IP6" if ":" in ours.host else "IP4"
    types = [ours.pcma_type] if ours.event_type is None else [ours.pcma_type, ours.event_type]
    audio = [
        f"m=audio {ours.port} RTP/AVP {' '.join(map(str, types))}",
        f"a=rtpmap:{ours.pcma_type} PCMA/8000",
    ]
    if ours.event_type is not None:
        audio += [f"a=rtpmap:{ours.event_type} telephone-event/8000", f"a=fmtp:{ours.event_type} 0-15"]
    audio += ["a=ptime:20", f"a={ours.direction}"]
    media = [[re.sub(r"^(\S+) \S+", r"m=\1 0", line)] for line in ours.other_media]
    media.insert(ours.audio_index, audio)
    head = ["v=0", f"o=- {session} 1 IN {family} {ours.host}", "s=-", f"c=IN {family} {ours.host}", "t=0 0"]
    return ("\r\n".join([*head, *(line for section in media for line in section)]) + "\r\n").encode()
