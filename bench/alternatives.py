"""What other readings of a recogniser are worth: dangerous calls kept, livelihood calls freed, time of decoding.

Sentences of the tests, spoken by held-out voices over noisy lines, are heard by the project's own recogniser several
ways, and decided on the words, the confidences and the readings that each way gives:

- as shipped: the best path and libvosk's own confidences;
- guesses: libvosk lists so many guesses, from whose scores both confidences and readings are made;
- both: words and confidences as shipped, readings of the guesses, as two recognisers side by side would give them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import vosk
import yaml
from rapidfuzz.distance import Levenshtein

from asr.utterance import Utterance
from asr.vosk_engine import VoskRecogniser
from ivr.config import BUNDLED_MODEL
from ivr.said import Said
from models.recipe.channel import Line
from models.recipe.errors import UnspeakableError
from models.recipe.heldout import HELD_OUT_VOICES
from models.recipe.voice import SAMPLE_RATE, speak
from triage.decision import Route
from triage.engine import Triage
from triage.evaluation.shares import Share
from triage.spoken_text import fold

GUESSES = (10, 100)
READINGS = (5, 10)
UTTERANCES = Path(__file__).resolve().parent.parent / "tests" / "triage" / "utterances"
_PIECE = 3200  # bytes, 0.2 s: a turn of the pool
_KEPT = max(READINGS)


@dataclass(frozen=True, slots=True)
class Noise:
    """How loud it is behind the callers, and who calls: the same in every run."""

    lowest_db: float
    """Speech above noise in the worst call."""
    highest_db: float
    """The same in the best."""
    seed: int
    line_seed: int
    sentences: int


NOISES = (Noise(4, 15, 110, 7, 651), Noise(-2, 5, 112, 8, 508))


@dataclass(slots=True)
class Tally:
    """What became of the calls heard one way."""

    calls: Counter[Route] = field(default_factory=Counter)
    right: Counter[Route] = field(default_factory=Counter)

    def add(self, truth: Route, decided: Route) -> None:
        """Count one call."""
        self.calls[truth] += 1
        self.right[truth] += truth is decided

    def __str__(self) -> str:
        return ", ".join(
            f"{name} {self.right[route]}/{self.calls[route]} = {share.rate or 0:.1%}"
            f" ({share.interval[0]:.1%} to {share.interval[1]:.1%})"
            for name, route in (("kept", Route.POLICE), ("freed", Route.MINSHENG))
            for share in [Share(self.right[route], self.calls[route])]
        )


def run(say: Callable[[str], None]) -> None:
    """Print kept and freed, with 95 % intervals, for each way of hearing and each loudness of the noise."""
    for noise in NOISES:
        measure(noise, say)


def measure(noise: Noise, say: Callable[[str], None]) -> None:
    """Hear and decide the sentences at one loudness of the noise."""
    vosk.SetLogLevel(-2)
    model, triage = vosk.Model(str(BUNDLED_MODEL)), Triage.load()
    tallies: dict[str, Tally] = {}
    decoding_s: Counter[int] = Counter()
    wrong = spoken = 0
    length_s = 0.0
    for text, truth, pcm in _calls(noise):
        said: dict[int, Said] = {}
        for guesses in (0, *GUESSES):
            began = time.thread_time()
            said[guesses] = _heard(model, guesses, pcm)
            decoding_s[guesses] += time.thread_time() - began  # type: ignore[assignment]
        for way, decided in _decisions(triage, said):
            tallies.setdefault(way, Tally()).add(truth, decided)
        wanted = fold(text).letters
        wrong += Levenshtein.distance(wanted, fold(said[0].text).letters)
        spoken += len(wanted)
        length_s += len(pcm) / 2 / SAMPLE_RATE
    loudness = f"{noise.lowest_db:g} to {noise.highest_db:g} dB"
    say(f"noise {loudness} below speech: {wrong / spoken:.1%} wrong characters, {length_s:.0f} s")
    for guesses, spent in decoding_s.items():
        say(f"  {guesses or 'no':>3} guesses: {spent / length_s:.4f} s of decoding a second")
    for way, tally in tallies.items():
        say(f"  {way:38} {tally}")


def _decisions(triage: Triage, said: Mapping[int, Said]) -> Iterator[tuple[str, Route]]:
    def decide(words: Said, others: Sequence[tuple[str, float]] = ()) -> Route:
        return triage.decide(words.text, words.confidence, words=words.words, alternatives=others).route

    shipped = said[0]
    yield "as shipped", decide(shipped)
    yield "as shipped, without confidences", triage.decide(shipped.text).route
    for guesses in GUESSES:
        yield f"{guesses} guesses, confidences only", decide(said[guesses])
        others = said[guesses].alternatives
        for kept in READINGS:
            yield f"{guesses} guesses, {kept} readings", decide(said[guesses], others[:kept])
            yield f"both, {guesses} guesses, {kept} readings", decide(shipped, others[:kept])


def _heard(model: Any, guesses: int, pcm: bytes) -> Said:
    recogniser = vosk.KaldiRecognizer(model, float(SAMPLE_RATE))
    recogniser.SetWords(True)
    recogniser.SetMaxAlternatives(guesses)
    ears = VoskRecogniser(recogniser, alternatives=_KEPT if guesses else 0)
    said = Said(lambda _utterance: None)
    pieces = (ears.accept(pcm[at : at + _PIECE]) for at in range(0, len(pcm), _PIECE))
    finals: list[Utterance] = [heard for heard in pieces if heard is not None and heard.is_final]
    for final in [*finals, ears.finish()]:
        said.keep(final)
    return said


def _calls(noise: Noise) -> Iterator[tuple[str, Route, bytes]]:
    """What is said, where it belongs, and the sound of it: s16le mono 8 kHz."""
    chance, line = Random(noise.seed), Line(Random(noise.line_seed))
    sentences = list(_sentences())
    chance.shuffle(sentences)
    for text, route in sentences[: noise.sentences]:
        voice, rate, pitch = chance.choice(HELD_OUT_VOICES), chance.randint(140, 220), chance.randint(30, 70)
        try:
            voiced = speak(text, voice, rate=rate, pitch=pitch)
        except UnspeakableError:
            continue
        pause = np.zeros(SAMPLE_RATE // 4)
        carried = line.carry(np.concatenate([pause, voiced.astype(np.float64), pause]), 1.5)
        loudness = 10 ** (-chance.uniform(noise.lowest_db, noise.highest_db) / 20)
        noisy = carried + line.noise(len(carried)) * np.sqrt(np.mean(carried**2)) * loudness
        yield text, route, np.clip(np.round(noisy), -32767, 32767).astype("<i2").tobytes()


def _sentences() -> Iterator[tuple[str, Route]]:
    unseen = yaml.safe_load((UTTERANCES / "unseen.yaml").read_text(encoding="utf-8"))
    for route in Route:
        own = yaml.safe_load((UTTERANCES / f"{route.value}.yaml").read_text(encoding="utf-8"))
        for text in (*texts(unseen[route.value]), *texts(own)):
            yield text, route


def texts(entry: Any) -> Iterator[str]:
    """Every sentence of a set, however it is grouped."""
    match entry:
        case str():
            yield entry
        case {"text": str(text)}:
            yield text
        case dict():
            for inner in entry.values():
                yield from texts(inner)
        case list():
            for inner in entry:
                yield from texts(inner)
