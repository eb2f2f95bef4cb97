"""The caller's turn: whether a voice is heard, since when not, and whether there was one since we stopped speaking.

Times are the event loop's, in seconds.
"""

from __future__ import annotations

from collections import deque

from asr.speech_end import EndOfSpeech
from ivr.echo import Echo

GAP_S = 0.2
"""No audio for so long is silence: a telephone with DTX, or muted, sends none."""
_WORDS_TRAIL_S = 0.2
"""Words come at least so long after they were spoken (measured with the bundled model: 0.15 to 0.35 s)."""
_VOICE_OF_A_CHARACTER_S = 0.08
"""Measured: ordinary callers have 0.2 s of voice a character, those 20 dB softer 0.15, 30 dB 0.08, 40 dB none."""
_WITHHELD = 30
"""Pieces of 20 ms of an echo in which a caller's first syllables may be: what is older is nothing but echo."""
_SOFT_END_S = 0.5
"""So long after a caller's voice nothing is withheld: ends of words are as soft as an echo."""
_ECHO_TRAILS_S = 1.0
"""So long after an echo the words of it may come."""


class Turn:
    """One call's turns, one after the other: `begin` opens the next."""

    def __init__(self, now: float) -> None:
        self._voice = EndOfSpeech()
        self._echo = Echo()
        self._echoed_at = float("-inf")
        self._caller_until = float("-inf")
        self._withheld: deque[bytes] = deque()
        self.audible = b""
        """What has become known to be no echo, as s16le: of the audio that was heard last, or of what was withheld."""
        self._voiced_before_s = 0.0
        self._began = now
        self.has_voice = False
        """Whether the caller has said something in this turn."""
        self.last_audio = self.last_voice = now
        self.voice_s = 0.0
        """Seconds of voice in all turns, pauses not counted."""

    def begin(self, now: float, *, spoke_already: bool) -> None:
        """The caller has the floor from now on."""
        self._began = now
        self.has_voice = spoke_already

    def hear(self, pcm: bytes, now: float, playing: bytes = b"") -> float:
        """Take audio, s16le mono 8 kHz; return how long the voice that is heard now has lasted, 0.0 for none.

        `playing` is what the caller hears at this moment. Its echo is nobody's voice.
        """
        voice_s = self._voice.speech_s
        self._voice.feed(pcm)
        self._echo.feed(playing, pcm)
        self.last_audio = now
        explained = self._voice.speaking and self._echo.explains()
        caller_spoke = now < self._caller_until + _SOFT_END_S
        certain = explained and self._echo.is_certain and not caller_spoke
        self.audible = self._without_echo(pcm, certain=certain)
        if not self._voice.speaking:
            self._voiced_before_s = self._voice.speech_s
            return 0.0
        if explained:
            if self._echo.is_certain:
                self._echoed_at = now
            return 0.0
        self.last_voice = self._caller_until = now
        self.voice_s += self._voice.speech_s - voice_s
        return self._voice.speech_s - self._voiced_before_s

    def _without_echo(self, pcm: bytes, *, certain: bool) -> bytes:
        """Withhold a certain echo; it becomes silence, unless a caller begins to speak in it: then it is given back."""
        if certain:
            self._withheld.append(pcm)
            return bytes(len(self._withheld.popleft())) if len(self._withheld) > _WITHHELD else b""
        withheld = b"".join(self._withheld)
        self._withheld.clear()
        return (withheld if self._voice.speaking else bytes(len(withheld))) + pcm

    def note_words(self, now: float) -> bool:
        """Words have come, so there was a voice a moment ago, however faint; False where it may have been an echo."""
        if now < self._echoed_at + _ECHO_TRAILS_S:
            return False
        self.last_voice = max(self.last_voice, now - _WORDS_TRAIL_S)
        self.has_voice = True
        return True

    def is_faint(self, characters: int) -> bool:
        """Whether so many characters were understood and hardly a voice was heard: its pauses are not known then.

        Words alone tell of none: in mid-sentence they may be 1.2 s apart.
        """
        return self.voice_s < characters * _VOICE_OF_A_CHARACTER_S

    @property
    def noise_db(self) -> float:
        """The line's own noise, in dB of full scale."""
        return self._voice.floor_db

    def speaks(self, now: float) -> bool:
        """Whether a voice is heard now."""
        return self._voice.speaking and now < self.last_audio + GAP_S

    @property
    def quiet_since(self) -> float:
        """The end of the last voice, or the beginning of the turn."""
        return max(self.last_voice, self._began)
