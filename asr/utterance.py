"""What the recogniser heard: words with their times, and the utterance that they make.

Chinese is written without spaces, Latin words are kept apart: `join` is the one place that knows this.
"""

from collections.abc import Iterable
from dataclasses import dataclass

UNKNOWN = "[unk]"  # the word of a sound that no word of the vocabulary fits (Vosk's own spelling)

# A syllable of Mandarin lasts about 0.2 s at a calm rate (5 syllables/s), so an unknown sound of d seconds
# stands for about d / 0.2 characters that nobody understood.
_SECONDS_PER_CHARACTER = 0.2


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word.

    `start_s` and `end_s` are seconds from the start of the call's audio; `confidence` lies in 0..1.
    A word that nobody understood has the text `[unk]` and confidence 0.
    """

    text: str
    start_s: float
    end_s: float
    confidence: float

    @property
    def weight(self) -> float:
        """How many characters this word stands for (an unknown one: by its duration, at least one)."""
        if self.text == UNKNOWN:
            return max(1.0, (self.end_s - self.start_s) / _SECONDS_PER_CHARACTER)
        return float(len(self.text))


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading of an utterance: `text` is written as the utterance's, `share` of the belief is 0..1."""

    text: str
    share: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """Words heard between two pauses, as far as they are known.

    `text` has no spaces between Chinese characters and never contains `[unk]`. A final utterance has all its
    `words`, the unknown ones included. A partial one has the words of a *leading part* of its text only:
    the lattice that knows times and confidences trails the best path by up to two seconds. `alternatives` are other
    readings of a final utterance, likeliest first; there are none unless the engine was asked for them.
    """

    text: str
    is_final: bool
    words: tuple[Word, ...] = ()
    alternatives: tuple[Alternative, ...] = ()

    @property
    def confidence(self) -> float:
        """Mean of the words' confidences weighted by characters, 0..1; 0.0 when no word is known."""
        total = sum(word.weight for word in self.words)
        if not total:
            return 0.0
        return sum(word.confidence * word.weight for word in self.words) / total


def join(words: Iterable[str]) -> str:
    """Write words as one text: `我 用 wi fi` becomes `我用wi fi`; unknown words and blanks are left out."""
    text = ""
    for word in words:
        clean = word.strip()
        if not clean or clean == UNKNOWN:
            continue
        apart = bool(text) and _is_spaced(text[-1]) and _is_spaced(clean[0])
        text += f" {clean}" if apart else clean
    return text


def _is_spaced(character: str) -> bool:
    """Whether a script with spaces between words uses this character (Latin letters, ASCII digits)."""
    return character.isascii() and character.isalnum()
