"""What a caller has said so far: finished utterances, and the words of the one under way."""

from __future__ import annotations

from collections.abc import Callable, Iterable

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
        if utterance.is_final and utterance.text:
            self._finals.append(utterance)
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
    def words(self) -> list[tuple[str, float]]:
        """The finished words with the recogniser's confidence in each, 0..1."""
        return [(word.text, word.confidence) for utterance in self._finals for word in utterance.words]

    @property
    def confidence(self) -> float:
        """Of the finished parts, weighted by length, 0..1; an unfinished part has none yet and frees nobody."""
        finished = [(u.confidence, len(u.text)) for u in self._finals]
        characters = sum(length for _, length in finished)
        return sum(c * length for c, length in finished) / characters if characters else 1.0

    def _joined(self, finals: Iterable[Utterance]) -> str:
        return "，".join(u.text for u in (*finals, self._partial) if u is not None and u.text)
