"""What a phone sends, frame by frame: keys before voice before silence. Pure."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from asr.g711 import SILENCE_ALAW
from ivr.softphone import dtmf
from ivr.softphone.rtp import FRAME_BYTES, Packetiser
from ivr.softphone.sdp import AudioDescription

SILENT_FRAME = bytes([SILENCE_ALAW]) * FRAME_BYTES


@dataclass(eq=False, slots=True)
class Voice:
    """A piece of sound being said; `done` is called when its last frame has gone."""

    alaw: bytes
    done: Callable[[], None]
    at: int = 0

    def next_frame(self) -> bytes:
        """Take 20 ms, the last ones filled up with silence."""
        frame = self.alaw[self.at : self.at + FRAME_BYTES]
        self.at += FRAME_BYTES
        return frame.ljust(FRAME_BYTES, bytes([SILENCE_ALAW]))


@dataclass(eq=False, slots=True)
class Press:
    """A key being pressed; `done` is called when the pause after it is over."""

    events: Iterator[dtmf.KeyEvent]
    done: Callable[[], None]
    start: int | None = None  # the RTP timestamp that all its packets carry
    gap: int = dtmf.GAP_FRAMES


class OutgoingStream:
    """One call's outgoing RTP. A real phone's line is never still: silence is sent until `muted`."""

    def __init__(self, packetiser: Packetiser | None = None) -> None:
        self.muted = False
        self._packets = packetiser or Packetiser()
        self._voices: deque[Voice] = deque()
        self._presses: deque[Press] = deque()
        self._talking = False

    def say(self, voice: Voice) -> None:
        """Queue sound behind what is being said."""
        self._voices.append(voice)

    def unsay(self, voice: Voice) -> None:
        """Stop a piece of sound, said or waiting; nothing when it is over."""
        if voice in self._voices:
            self._voices.remove(voice)

    def press(self, digit: str, done: Callable[[], None]) -> None:
        """Queue a key press. Raises ValueError for what is no key."""
        self._presses.append(Press(dtmf.press(digit), done))

    def tick(self, remote: AudioDescription) -> bytes | None:
        """Return the packet of these 20 ms, if any; time passes also while the far end does not listen."""
        packet = self._pressing(remote) if self._presses else self._saying(remote)
        self._packets.advance()
        return packet if remote.listens else None

    def _pressing(self, remote: AudioDescription) -> bytes | None:
        press = self._presses[0]
        event = next(press.events, None)
        if event is None or remote.event_type is None:
            press.gap -= 1
            if press.gap <= 0:
                self._presses.popleft()
                press.done()
            return self._silence(remote)
        first = press.start is None
        if press.start is None:
            press.start = self._packets.timestamp
        self._talking = False
        return self._packets.packet(remote.event_type, event.serialise(), press.start, marker=first)

    def _saying(self, remote: AudioDescription) -> bytes | None:
        if not self._voices:
            return self._silence(remote)
        voice = self._voices[0]
        frame = voice.next_frame()
        if voice.at >= len(voice.alaw):
            self._voices.popleft()
            voice.done()
        return self._sound(remote, frame)

    def _silence(self, remote: AudioDescription) -> bytes | None:
        if self.muted:
            self._talking = False
            return None
        return self._sound(remote, SILENT_FRAME)

    def _sound(self, remote: AudioDescription, frame: bytes) -> bytes:
        # RFC 3551 §4.1: the marker says where sound begins again after a time without packets.
        packet = self._packets.packet(remote.pcma_type, frame, marker=not self._talking)
        self._talking = True
        return packet
