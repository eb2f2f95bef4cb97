"""How well a model hears, measured through the real libvosk as a call would be: streamed in pieces of 0.2 s."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import vosk
from pypinyin import lazy_pinyin
from rapidfuzz.distance import Levenshtein

from models.recipe.features import SAMPLE_RATE
from models.recipe.recording import Recording

_PIECE: Final = SAMPLE_RATE * 2 // 5  # bytes in 0.2 s


@dataclass(frozen=True, slots=True)
class Score:
    """The result of one set of recordings."""

    name: str
    sentences: int
    right_sentences: int
    characters: int
    wrong_characters: int  # substituted, left out and put in
    wrong_syllables: int  # the same, tones and choice of characters left aside
    seconds: float  # of audio
    cpu_seconds: float

    @property
    def character_error_rate(self) -> float:
        """Wrong characters a spoken character."""
        return self.wrong_characters / self.characters

    @property
    def syllable_error_rate(self) -> float:
        """Wrong syllables a spoken syllable."""
        return self.wrong_syllables / self.characters


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Give the edit distance of two sequences (Levenshtein)."""
    return Levenshtein.distance(one, other)


def transcribe(model: vosk.Model, pcm: bytes) -> str:
    """Hear 16-bit samples at 8 kHz; gives the text without spaces."""
    recogniser = vosk.KaldiRecognizer(model, SAMPLE_RATE)
    pieces = (pcm[at : at + _PIECE] for at in range(0, len(pcm), _PIECE))
    results = [recogniser.Result() for piece in pieces if recogniser.AcceptWaveform(piece)]
    heard = (json.loads(result)["text"] for result in [*results, recogniser.FinalResult()])
    return "".join(heard).replace(" ", "")


def evaluate(
    model_folder: Path,
    recordings: Iterable[Recording],
    progress: Callable[[], None],
    wrong: Callable[[Recording, str], None] = lambda _recording, _heard: None,
) -> list[Score]:
    """Score a model folder on recordings, set by set; `wrong` is told of every sentence heard wrongly."""
    vosk.SetLogLevel(-1)
    model = vosk.Model(str(model_folder))
    sets: dict[str, list[tuple[Recording, str, float]]] = {}
    for recording in recordings:
        started = time.process_time()
        heard = transcribe(model, recording.pcm)
        sets.setdefault(recording.set_name, []).append((recording, heard, time.process_time() - started))
        progress()
        if heard != recording.text:
            wrong(recording, heard)
    return [_score(name, heard) for name, heard in sets.items()]


def _score(name: str, heard: Sequence[tuple[Recording, str, float]]) -> Score:
    wrong = [distance(recording.text, text) for recording, text, _ in heard]
    return Score(
        name=name,
        sentences=len(heard),
        right_sentences=wrong.count(0),
        characters=sum(len(recording.text) for recording, _, _ in heard),
        wrong_characters=sum(wrong),
        wrong_syllables=sum(
            distance(lazy_pinyin(recording.text), lazy_pinyin(text)) for recording, text, _ in heard
        ),
        seconds=sum(len(recording.pcm) for recording, _, _ in heard) / 2 / SAMPLE_RATE,
        cpu_seconds=sum(cpu for _, _, cpu in heard),
    )
