"""What a caller has said so far: finished utterances, and the words of the one under way."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from asr.alternatives import of_all
from asr.utterance import Utterance


class Said:
    """One call's words, in order."""

    def __init__(self, on_final: Callable[[Utterance], None]) -> None:
        """`on_final` is told of every final utterance that has words; it must not block."""
        self._on_final = on_final
        self._finals: list[Utterance] = []
        self._partial: Utterance | None = None
        self._asked_after = 0

    def keep(self, utterance: Utterance) -> None:
        """Final words take the place of the unfinished ones."""
        self._partial = None if utterance.is_final else utterance
        if utterance.is_final and (utterance.text or utterance.alternatives):  # a cry may be taken for noise
            self._finals.append(utterance)
        if utterance.is_final and utterance.text:
            self._on_final(utterance)

    def question_asked(self) -> None:
        """What is said from now on is the answer."""
        self._asked_after = len(self._finals)

    @property
    def unfinished(self) -> bool:
        """Whether the last words may still change."""
        return self._partial is not None

    @property
    def text(self) -> str:
        """Everything heard so far, the unfinished part included."""
        return self._joined(self._finals)

    @property
    def answer(self) -> str:
        """What was said since the question."""
        return self._joined(self._finals[self._asked_after :])

    @property
    def answer_words(self) -> list[tuple[str, float]]:
        """The finished words since the question with the recogniser's confidence in each, 0..1."""
        return _words(self._finals[self._asked_after :])

    @property
    def answer_confidence(self) -> float:
        """`confidence`, of what was said since the question."""
        return _confidence(self._finals[self._asked_after :])

    @property
    def words(self) -> list[tuple[str, float]]:
        """The finished words with the recogniser's confidence in each, 0..1."""
        return _words(self._finals)

    @property
    def alternatives(self) -> list[tuple[str, float]]:
        """Other readings of `text` with their shares, 0..1, likeliest first; an unfinished part has none yet."""
        return [(other.text, other.share) for other in of_all(self._parts(self._finals), _written)]

    @property
    def confidence(self) -> float:
        """Of the finished parts, weighted by length, 0..1; an unfinished part has none yet and frees nobody."""
        return _confidence(self._finals)

    def _joined(self, finals: Iterable[Utterance]) -> str:
        return _written(u.text for u in self._parts(finals))

    def _parts(self, finals: Iterable[Utterance]) -> list[Utterance]:
        return [u for u in (*finals, self._partial) if u is not None]


def _words(finals: Iterable[Utterance]) -> list[tuple[str, float]]:
    return [(word.text, word.confidence) for utterance in finals for word in utterance.words]


def _confidence(finals: Iterable[Utterance]) -> float:
    finished = [(u.confidence, len(u.text)) for u in finals]
    characters = sum(length for _, length in finished)
    return sum(c * length for c, length in finished) / characters if characters else 1.0


def _written(texts: Iterable[str]) -> str:
    """One text; a comma stands for a pause."""
    return "，".join(text for text in texts if text)
