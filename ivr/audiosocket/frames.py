"""AudioSocket's frames as a pure protocol: bytes in, events out, no I/O.

A frame is one byte of kind, two bytes of payload length (big-endian) and the payload
(https://docs.asterisk.org/Configuration/Channel-Drivers/AudioSocket/). The `AudioSocket()` application, the
only client served here, always speaks 8 kHz s16le mono, usually 320 bytes (20 ms) a frame. Its first frame
carries the call's UUID. Whatever else arrives is a `RemoteProtocolError`: the peer is not the Asterisk it
should be.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from ivr.audiosocket.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SAMPLE_RATE = 8000
"""Samples a second in both directions, always, for the application (not for the channel driver)."""
FRAME_S = 0.020
"""Seconds of audio a frame: what Asterisk sends, and what it must be sent."""
FRAME_BYTES = 320
"""Bytes of s16le audio in one frame: 8000 Hz x 0.020 s x 2."""
MAX_AUDIO_BYTES = 4800
"""Longest audio payload taken: 300 ms, the longest packet of any codec of Asterisk (codec_builtin.c)."""
MAX_ERROR_BYTES = 4
"""Longest error code taken; the protocol leaves its length open, Asterisk's own are one byte."""

_HEADER_BYTES = 3
_DIGITS = frozenset("0123456789*#ABCD")


class Kind(IntEnum):
    """The kinds of frame that the application sends or takes."""

    HANGUP = 0x00
    UUID = 0x01
    DTMF = 0x03
    AUDIO = 0x10
    ERROR = 0xFF


_FIXED_BYTES: Mapping[int, int] = MappingProxyType({Kind.HANGUP: 0, Kind.UUID: 16, Kind.DTMF: 1})


@dataclass(frozen=True, slots=True)
class Identified:
    """The first frame: which call this connection belongs to."""

    call: uuid.UUID


@dataclass(frozen=True, slots=True)
class Audio:
    """What the caller said: s16le mono 8 kHz, whole samples, usually 320 bytes."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class Key:
    """A key the caller has pressed and let go: one of 0-9, *, #, A-D."""

    digit: str


@dataclass(frozen=True, slots=True)
class HungUp:
    """The other side is gone; nothing follows."""


@dataclass(frozen=True, slots=True)
class RemoteError:
    """An error told by the other side; `code` is its number, None when it gave none. The stream goes on."""

    code: int | None


Event: TypeAlias = Identified | Audio | Key | HungUp | RemoteError


class FrameParser:
    """One connection's incoming bytes, cut into events. After an error it only repeats the error."""

    __slots__ = ("_buffer", "_error", "_hung_up", "_identified")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._identified = False
        self._hung_up = False
        self._error: RemoteProtocolError | None = None

    def feed(self, data: bytes | bytearray | memoryview) -> Iterator[Event]:
        """Take bytes in any chunking; the events that are now complete, in order.

        The iterator raises RemoteProtocolError at the place of the first wrong frame, so that good frames
        before it in the same chunk are still had. Bytes not iterated over are kept for the next
        time. What follows a hangup frame is ignored.
        """
        if not self._hung_up and self._error is None:
            self._buffer += data
        return self._events()

    def _events(self) -> Iterator[Event]:
        buffer = self._buffer
        while not self._hung_up:
            if self._error is not None:
                raise self._error
            if len(buffer) < _HEADER_BYTES:
                return
            kind = buffer[0]
            length = (buffer[1] << 8) | buffer[2]
            try:
                self._judge_header(kind, length)
                if len(buffer) < _HEADER_BYTES + length:
                    return
                event = self._event(kind, bytes(buffer[_HEADER_BYTES : _HEADER_BYTES + length]))
            except RemoteProtocolError as error:
                self._error = error
                buffer.clear()
                raise
            del buffer[: _HEADER_BYTES + length]
            yield event
        buffer.clear()

    def _judge_header(self, kind: int, length: int) -> None:
        """Refuse a frame by its header alone, before any of its payload is waited for or kept."""
        if (kind == Kind.UUID) == self._identified:
            wrong = "a second UUID" if self._identified else "the first frame is not a UUID"
            raise RemoteProtocolError(f"{wrong} (kind 0x{kind:02x})")
        if kind == Kind.AUDIO:
            if length > MAX_AUDIO_BYTES:
                raise RemoteProtocolError(f"audio of {length} bytes; at most {MAX_AUDIO_BYTES} are taken")
            if length % 2:
                raise RemoteProtocolError(f"audio of {length} bytes is no whole number of 16-bit samples")
        elif kind == Kind.ERROR:
            if length > MAX_ERROR_BYTES:
                raise RemoteProtocolError(
                    f"an error code of {length} bytes; at most {MAX_ERROR_BYTES} are taken"
                )
        else:
            wanted = _FIXED_BYTES.get(kind)
            if wanted is None:
                raise RemoteProtocolError(f"unknown kind of frame 0x{kind:02x}")
            if length != wanted:
                raise RemoteProtocolError(
                    f"{length} bytes in a frame of kind 0x{kind:02x}; {wanted} belong there"
                )

    def _event(self, kind: int, payload: bytes) -> Event:
        if kind == Kind.AUDIO:
            return Audio(payload)
        if kind == Kind.DTMF:
            digit = payload.decode("latin-1").upper()
            if digit not in _DIGITS:
                raise RemoteProtocolError(f"0x{payload[0]:02x} is no key of a telephone")
            return Key(digit)
        if kind == Kind.UUID:
            self._identified = True
            return Identified(uuid.UUID(bytes=payload))
        if kind == Kind.ERROR:
            return RemoteError(int.from_bytes(payload, "big") if payload else None)
        self._hung_up = True
        return HungUp()


def encode_audio(pcm: bytes) -> bytes:
    """One audio frame, header and payload together.

    To be sent in one write: Asterisk reads the header in one read() and is confused by half of one. Raises
    LocalProtocolError when `pcm` (s16le mono 8 kHz) is empty (Asterisk refuses that), odd or over 4800 bytes.
    """
    length = len(pcm)
    if not 0 < length <= MAX_AUDIO_BYTES or length % 2:
        raise LocalProtocolError(
            f"{length} bytes are no audio frame: give whole 16-bit samples, 2 to {MAX_AUDIO_BYTES} bytes"
        )
    return b"%c%c%c%b" % (Kind.AUDIO, length >> 8, length & 0xFF, pcm)


def encode_hangup() -> bytes:
    """The frame that ends the AudioSocket() application, which then goes on in the dialplan."""
    return bytes((Kind.HANGUP, 0, 0))
