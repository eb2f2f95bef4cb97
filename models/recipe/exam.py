"""The evaluation's recordings: sentences that were in no training shard, read by known and by held-out voices."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from models.recipe.errors import StageError
from models.recipe.espeak import Espeak
from models.recipe.heldout import HELD_OUT_VOICES, TRAINING_VOICES
from models.recipe.recording import Recording
from models.recipe.sentences import TEXT, Sentences
from models.recipe.studio import Studio
from models.recipe.words import cut

IDLE: Final = "lines on which nobody speaks"
"""The set of recordings without speech: noise, call-progress tones, keys, knocks."""
_NOISY: Final = 1.4  # more often noisy than training
_SHORTEST: Final = 6  # characters; shorter sentences are in the training text too


@dataclass(frozen=True, slots=True)
class ExamSet:
    """A set of recordings: its name, what is read, by whom, and how bad the line is."""

    name: str
    hand_written: bool
    voices: tuple[str, ...]
    level: float


SETS: Final = (
    ExamSet("domain, training voices, clean", hand_written=False, voices=TRAINING_VOICES, level=0.0),
    ExamSet("domain, held-out voices, clean", hand_written=False, voices=HELD_OUT_VOICES, level=0.0),
    ExamSet("domain, held-out voices, noisy", hand_written=False, voices=HELD_OUT_VOICES, level=_NOISY),
    ExamSet("hand-written, training voices, clean", hand_written=True, voices=TRAINING_VOICES, level=0.0),
    ExamSet("hand-written, held-out voices, clean", hand_written=True, voices=HELD_OUT_VOICES, level=0.0),
    ExamSet("hand-written, held-out voices, noisy", hand_written=True, voices=HELD_OUT_VOICES, level=_NOISY),
)


def hand_written(path: Path = TEXT / "hand_written.txt") -> tuple[tuple[str, ...], ...]:
    """Give the hand-written sentences as clauses."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(tuple(line.split("，")) for line in lines if line and not line.startswith("#"))


def record(data: Path, number: int, seed: int) -> list[Recording]:
    """Record `number` sentences for every set (all hand-written ones when there are fewer).

    Raises:
        StageError: the training data, whose sentences are left out, is not there.

    """
    texts = sorted(data.glob("shard-*.txt"))
    if not texts:
        raise StageError(f"no training data in {data}: run the data stage first")
    trained = {line for path in texts for line in path.read_text(encoding="utf-8").splitlines()}
    rng = Random(f"{seed}/exam")
    studio = Studio(Espeak(), rng)
    sentences = Sentences(rng)
    recordings: list[Recording] = []
    for exam in SETS:
        source = list(hand_written())[:number] if exam.hand_written else _unseen(sentences, trained, number)
        recordings += [_record(studio, exam, clauses, rng) for clauses in source]
    idle = (studio.line.idle(rng.uniform(1, 6)) for _ in range(number))
    recordings += [Recording(IDLE, "", signal.astype("<i2").tobytes()) for signal in idle]
    return recordings


def _unseen(sentences: Sentences, trained: set[str], number: int) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    while len(found) < number:
        clauses = sentences.write()
        if "，".join(clauses) not in trained and sum(map(len, clauses)) >= _SHORTEST:
            found.append(clauses)
    return found


def _record(studio: Studio, exam: ExamSet, clauses: Sequence[str], rng: Random) -> Recording:
    words = [cut(clause) for clause in clauses]
    while True:  # a prosody whose phonemes do not match the syllables is drawn again
        utterance = studio.read(words, rng.choice(exam.voices), exam.level)
        if utterance is not None:
            return Recording(exam.name, "".join(clauses), utterance.samples.astype("<i2").tobytes())
