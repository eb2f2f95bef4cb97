"""espeak-ng as a library: speech together with the sample at which every phoneme begins.

This is where exact alignments come from: the synthesiser itself says when it utters what (phoneme events of
`speak_lib.h`), so no forced alignment is needed to train.
"""

import ctypes as c
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.recipe.errors import EspeakError
from models.recipe.espeak_library import PRIVATE_COPY, load

# speak_lib.h: espeak_AUDIO_OUTPUT, the initialize option and the event and parameter types used here.
_SYNCHRONOUS, _PHONEME_EVENTS, _CHARS_UTF8 = 2, 1, 1
_EVENT_END, _EVENT_PHONEME = 0, 7
_MOST_VOICES = 10_000
# espeak-ng 1.51 crashes when a deep voice (rob, Annie) has a wider range: its pitch falls below what its buffers hold.
WIDEST_RANGE: Final = 60
_RATE, _PITCH, _RANGE, _WORD_GAP = 1, 3, 4, 7


class _EventId(c.Union):
    _fields_ = (("number", c.c_int), ("name", c.c_char_p), ("string", c.c_char * 8))


class _Voice(c.Structure):
    _fields_ = (
        ("name", c.c_char_p),
        ("languages", c.c_char_p),
        ("identifier", c.c_char_p),
        ("gender", c.c_ubyte),
        ("age", c.c_ubyte),
        ("variant", c.c_ubyte),
        ("reserved", c.c_ubyte),
        ("score", c.c_int),
        ("spare", c.c_void_p),
    )


class _Event(c.Structure):
    _fields_ = (
        ("type", c.c_int),
        ("unique_identifier", c.c_uint),
        ("text_position", c.c_int),
        ("length", c.c_int),
        ("audio_position", c.c_int),
        ("sample", c.c_int),
        ("user_data", c.c_void_p),
        ("id", _EventId),
    )


@dataclass(frozen=True, slots=True)
class Phoneme:
    """A phoneme's name and the sample at which it begins; "_|" ends a syllable, "_:" is a pause."""

    name: str
    sample: int


@dataclass(frozen=True, slots=True)
class Prosody:
    """How a text is spoken: words a minute, espeak-ng's pitch (0 to 99) and pitch range (0 to WIDEST_RANGE)."""

    rate: int = 175
    pitch: int = 50
    pitch_range: int = 50


class Espeak:
    """The synthesiser. The C library holds one voice for the whole process: use one object, in one thread."""

    def __init__(self, private_copy: Path = PRIVATE_COPY) -> None:
        """Load the host's libespeak-ng, or fetch and load a private copy of the distribution's package.

        Raises:
            EspeakError: the library or its data cannot be loaded.

        """
        self._library, data = load(private_copy)
        self._samples: list[NDArray[np.int16]] = []
        self._phonemes: list[Phoneme] = []
        self._variants: frozenset[str] = frozenset()
        self._library.espeak_ListVoices.restype = c.POINTER(c.POINTER(_Voice))
        path = str(data).encode() if data else None
        self.sample_rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, path, _PHONEME_EVENTS)
        if self.sample_rate <= 0:
            raise EspeakError("espeak-ng finds no voice data: install espeak-ng-data")
        # Kept as a field: the C library holds only a bare pointer to it.
        self._callback = c.CFUNCTYPE(c.c_int, c.POINTER(c.c_short), c.c_int, c.POINTER(_Event))(self._collect)

    def speak(
        self, pinyin: str, variant: str, prosody: Prosody
    ) -> tuple[NDArray[np.int16], tuple[Phoneme, ...]]:
        """Speak pinyin with tone digits; gives mono samples at `sample_rate` and the phonemes in order.

        Raises:
            EspeakError: there is no such voice variant.

        """
        library = self._library
        library.espeak_SetSynthCallback(self._callback)
        voice = "cmn-latn-pinyin" + (f"+{variant}" if variant else "")
        # The library takes an unknown variant without a word and speaks with the plain voice.
        unknown = variant and variant not in self.variants()
        if unknown or library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise EspeakError(f"espeak-ng has no voice {voice}: see `espeak-ng --voices=variant`")
        settings = (
            (_RATE, prosody.rate),
            (_PITCH, prosody.pitch),
            (_RANGE, min(prosody.pitch_range, WIDEST_RANGE)),
            (_WORD_GAP, 0),
        )
        for parameter, value in settings:
            library.espeak_SetParameter(parameter, value, 0)
        self._samples.clear()
        self._phonemes.clear()
        text = pinyin.encode()
        library.espeak_Synth(text, c.c_size_t(len(text) + 1), 0, 1, 0, c.c_uint(_CHARS_UTF8), None, None)
        library.espeak_Synchronize()
        samples = np.concatenate(self._samples) if self._samples else np.zeros(0, np.int16)
        return samples, tuple(self._phonemes)

    def variants(self) -> frozenset[str]:
        """Give the names of the voice variants."""
        if not self._variants:
            voices = self._library.espeak_ListVoices(c.byref(_Voice(languages=b"variant")))
            names: set[str] = set()
            for index in range(_MOST_VOICES):
                if not voices[index]:
                    break
                names.add(voices[index].contents.identifier.decode().rpartition("/")[2])
            self._variants = frozenset(names)
        return self._variants

    def _collect(self, wave: "c._Pointer[c.c_short]", count: int, events: "c._Pointer[_Event]") -> int:
        """Take what the library hands over while it speaks; 0 lets it go on."""
        if wave and count > 0:
            self._samples.append(np.ctypeslib.as_array(wave, (count,)).copy())
        index = 0
        while events[index].type != _EVENT_END:
            if events[index].type == _EVENT_PHONEME:
                name = (
                    c.string_at(c.addressof(events[index].id), 8).split(b"\0")[0].decode("utf-8", "replace")
                )
                self._phonemes.append(Phoneme(name, events[index].sample))
            index += 1
        return 0
