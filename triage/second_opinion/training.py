"""Training: logistic regression (scikit-learn) over the grams of the sentences, whole and as a recogniser errs.

The rules' heavy phrases are taught as well, lightly: without them the model takes 死 for a livelihood word, because the
sentences about danger were written to do without such words, and those about dead telephones were not.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, diags
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from triage.decision import Route
from triage.lexicon import Lexicon
from triage.second_opinion.features import grams
from triage.second_opinion.model import SecondOpinion
from triage.second_opinion.sentences import Sentence, load_frames
from triage.simulated_recogniser import SimulatedRecogniser
from triage.sounds import SoundTable, sound_table
from triage.spoken_text import fold

_STRENGTH = 40.0  # inverse of the L2 penalty; chosen on held-out files of sentences from 20, 40, 100
_ONCE = 1.0  # added to every count, so that a gram of one side is not infinitely one-sided
_LEAST_TELLING = 0.05
_SEEN_AT_LEAST = 4  # texts, misheard ones included: a gram of one sentence says nothing of others
_MISHEARD_SHARE = 0.5
_PHRASE_SHARE = 0.3
_PHRASES_FROM = 0.8  # weight of a rule that says enough by itself
_MISHEARD_AT = 0.15  # of the characters
_SMALLEST = 0.5  # weights nearer to zero are left out of the file
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Lesson:
    """A text to learn from."""

    text: str
    is_police: bool
    weight: float


def lessons(sentences: Iterable[Sentence], lexicon: Lexicon, *, seed: int = 0) -> list[Lesson]:
    """Return all that is taught: the sentences, the same framed and misheard, and the lexicon's heavy phrases."""
    hearing = SimulatedRecogniser(_MISHEARD_AT, seed)
    taught = [Lesson(s.text, s.is_police, 1.0) for s in sentences]
    chance, frames = Random(seed), load_frames()
    for one in tuple(taught):
        framed = chance.choice(frames).around(one.text)
        taught.append(Lesson(hearing.hear(framed), one.is_police, _MISHEARD_SHARE))
    for rule in lexicon.rules:
        if len(rule.slots) == 1 and rule.weight >= _PHRASES_FROM:
            is_police = rule.field.route is Route.POLICE
            taught += [Lesson(phrase, is_police, _PHRASE_SHARE) for phrase in rule.slots[0]]
    return taught


def train(taught: Sequence[Lesson], table: SoundTable) -> SecondOpinion:
    """Fit the model. Deterministic."""
    bias, weights = _fit(taught, table)
    return SecondOpinion(bias, weights, table)


def cross_validate(
    sentences: Sequence[Sentence], letters: Sequence[str], lexicon: Lexicon, *, seed: int = 0
) -> npt.NDArray[np.float64]:
    """Return each sentence's log-odds by a model that has seen nothing of its batch.

    `letters` are what the model is shown of each: folded, without what the rules cancel.
    """
    held_out = np.zeros(len(sentences))
    folds = GroupKFold(_FOLDS, shuffle=True, random_state=seed)
    for learned, tested in folds.split(sentences, groups=[s.batch for s in sentences]):
        model = train(lessons([sentences[i] for i in learned], lexicon, seed=seed), sound_table())
        held_out[tested] = [model.judge(letters[i]).log_odds for i in tested]
    return held_out


def write(taught: Sequence[Lesson], table: SoundTable, file: Path, notes: Iterable[str]) -> int:
    """Fit and write the weights, the heaviest first; return how many."""
    bias, weights = _fit(taught, table)
    heavy = sorted(
        (g for g, w in weights.items() if abs(w) >= _SMALLEST), key=lambda g: (-abs(weights[g]), g)
    )
    lines = [*(f"# {note}" for note in notes), "kind\tgram\tweight", f"bias\t\t{bias:.4f}"]
    for gram in heavy:
        read = table.read(gram)
        lines.append(
            f"sounds\t{read}\t{weights[gram]:.3f}" if read else f"characters\t{gram}\t{weights[gram]:.3f}"
        )
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(heavy)


def _fit(taught: Sequence[Lesson], table: SoundTable) -> tuple[float, dict[str, float]]:
    documents = [_grams_of(lesson.text, table) for lesson in taught]
    seen = Counter(gram for document in documents for gram in document)
    known = sorted(gram for gram, count in seen.items() if count >= _SEEN_AT_LEAST)
    column = {gram: number for number, gram in enumerate(known)}
    cells: list[int] = []
    values: list[float] = []
    rows = [0]
    for document in documents:
        here = sorted(column[gram] for gram in document if gram in column)
        cells += here
        values += [1 / math.sqrt(max(1, len(here)))] * len(here)
        rows.append(len(cells))
    matrix = csr_matrix((values, cells, rows), shape=(len(documents), len(known)))
    is_police = np.array([lesson.is_police for lesson in taught])
    taught_at = np.array([lesson.weight for lesson in taught], dtype=np.float64)
    telling = _telling(matrix, is_police, taught_at)
    fitted = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=2000).fit(
        matrix @ diags(telling), is_police, sample_weight=taught_at
    )
    weights = telling * fitted.coef_[0]
    return float(fitted.intercept_[0]), dict(zip(known, map(float, weights), strict=True))


def _telling(
    matrix: csr_matrix, is_police: npt.NDArray[np.bool_], weight: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Say of each gram how one-sided its texts are: grams that stand on both sides are held back in the fit.

    Half the way to Wang and Manning's naive Bayes features (Baselines and Bigrams, 2012): the root of the logarithm of
    the ratio of its shares on either side. The sign does not matter to the fit.
    """
    stands = diags(weight) @ (matrix > 0).astype(np.float64)
    police, livelihood = (
        _ONCE + np.asarray(stands[side].sum(axis=0)).ravel() for side in (is_police, ~is_police)
    )
    ratio = np.abs(np.log(police / police.sum()) - np.log(livelihood / livelihood.sum()))
    telling: npt.NDArray[np.float64] = np.sqrt(np.maximum(ratio, _LEAST_TELLING))
    return telling


def _grams_of(text: str, table: SoundTable) -> set[str]:
    letters = fold(text).letters
    return {gram for gram, _, _ in grams(letters, table.write(letters)) if "\0" not in gram}
