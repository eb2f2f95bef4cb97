"""A recogniser that errs as real ones do, to see what its errors cost: homophones, lost and doubled characters.

Real recognisers write words that exist and sound alike, so half of the homophones are other words of jieba's
dictionary and the rest single characters; frequent ones are likelier. The same seed and text give the same errors
on every machine.
"""

from __future__ import annotations

from enum import Enum
from random import Random

from triage.homophones import Homophones

_WHOLE_WORD = 0.5  # of the homophones: another word, not another character


class _Error(Enum):
    """What may go wrong with a character, and its share of the errors."""

    HOMOPHONE = 0.7
    LOST = 0.15
    DOUBLED = 0.08
    SWAPPED = 0.07


class SimulatedRecogniser:
    """Hears texts with errors at a rate. Immutable after construction."""

    def __init__(self, rate: float, seed: int = 0, homophones: Homophones | None = None) -> None:
        """`rate` is the share of characters, 0..1, at which something goes wrong."""
        self._rate = rate
        self._seed = seed
        self._homophones = homophones or Homophones()

    def hear(self, text: str) -> str:
        """Return what is heard of a text; punctuation and spaces stay."""
        chance = Random(f"{self._seed}:{text}".encode("utf-8", "surrogatepass"))
        heard: list[str] = []
        for word in self._homophones.words(text):
            errors = [self._error(char, chance) for char in word]
            for char, error in zip(self._misheard(word, errors, chance), errors, strict=True):
                if error is not _Error.LOST:
                    heard.append(char)
                if error is _Error.DOUBLED:
                    heard.append(char)
                if error is _Error.SWAPPED:
                    heard[-2:] = reversed(heard[-2:])
        return "".join(heard)

    def _error(self, char: str, chance: Random) -> _Error | None:
        if not char.isalnum() or chance.random() >= self._rate:
            return None
        place = chance.random()
        for error in _Error:
            place -= error.value
            if place < 0:
                return error
        return _Error.HOMOPHONE  # what rounding leaves

    def _misheard(self, word: str, errors: list[_Error | None], chance: Random) -> list[str]:
        """Replace what is heard as other words or characters."""
        if _Error.HOMOPHONE not in errors:
            return list(word)
        if len(word) > 1 and chance.random() < _WHOLE_WORD and (other := self._one_of(word, chance)) != word:
            return list(other)
        return [
            self._one_of(char, chance) if error is _Error.HOMOPHONE else char
            for char, error in zip(word, errors, strict=True)
        ]

    def _one_of(self, word: str, chance: Random) -> str:
        alike = self._homophones.of(word)
        return alike[int(len(alike) * chance.random() ** 2)] if alike else word
