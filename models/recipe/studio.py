"""Where training and test speech is recorded: random readings over random telephone lines."""

from collections.abc import Sequence
from random import Random
from typing import Final

from models.recipe.channel import Line
from models.recipe.espeak import WIDEST_RANGE, Espeak, Prosody
from models.recipe.features import SAMPLE_RATE
from models.recipe.heldout import TRAINING_VOICES
from models.recipe.sentences import Sentences
from models.recipe.speech import Utterance, pad, pronounce, speak
from models.recipe.words import RandomWords, cut

_IDLE_SHARE: Final = 0.05  # pieces without any speech
_GARBAGE_SHARE: Final = 0.03  # words of the word salad learned as garbage


class Studio:
    """Makes random utterances; one seed, one stream of them."""

    def __init__(self, espeak: Espeak, rng: Random) -> None:
        self._espeak = espeak
        self._rng = rng
        self._sentences = Sentences(rng)
        self._salad = RandomWords(rng)
        self.line = Line(rng)

    def read(
        self, clauses: Sequence[Sequence[str]], voice: str, level: float = 1.0, garbage: float = 0.0
    ) -> Utterance | None:
        """Read clauses of words over a random line; None when they cannot be spoken."""
        rng = self._rng
        spoken = pronounce(clauses, sandhi=rng.random() < 0.5, garbage=garbage, rng=rng)
        if spoken is None:
            return None
        prosody = Prosody(rng.randint(120, 270), rng.randint(20, 85), rng.randint(20, WIDEST_RANGE))
        stretch = rng.uniform(0.92, 1.1) if rng.random() < 0.7 else 1.0
        utterance = speak(self._espeak, spoken, voice, prosody, stretch)
        if utterance is None:
            return None
        before, after = int(rng.uniform(0.05, 1) * SAMPLE_RATE), int(rng.uniform(0.2, 1) * SAMPLE_RATE)
        padded = pad(utterance, before, after)
        return Utterance(self.line.carry(padded.samples, level), padded.units)

    def random_example(self, spoken_at_random: float) -> tuple[Utterance, str] | None:
        """Make one piece of training speech, or of an idle line, with its text."""
        rng = self._rng
        if rng.random() < _IDLE_SHARE:
            return Utterance(self.line.idle(rng.uniform(1, 6)), ((0, 0),)), ""
        voice = rng.choice(TRAINING_VOICES)
        if rng.random() < spoken_at_random:
            salad = self._salad.write()
            utterance = self.read(salad, voice, garbage=_GARBAGE_SHARE)
            return None if utterance is None else (utterance, "")
        sentence = self._sentences.write()
        utterance = self.read([cut(clause) for clause in sentence], voice)
        return None if utterance is None else (utterance, "，".join(sentence))
