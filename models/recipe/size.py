"""How big a model is made: everything that a build depends on, in one place."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Size:
    """The numbers of a build. Two builds with the same size, seed and library versions do the same work."""

    name: str
    shards: int  # pieces of training data
    shard_seconds: float  # seconds of speech in each
    narrow: int  # width of the first layer
    wide: int  # width of the others
    residual_layers: int
    steps: int  # training steps
    batch_seconds: float  # seconds of speech a step
    learning_rate: float
    text_sentences: int  # sentences of the templates that the language model counts
    generic_words: int  # frequent words beside those of the trade
    exam_sentences: int  # sentences in each set of the evaluation
    spoken_at_random: float = 0.5  # share of training speech that is word salad, not sentences
    dropout: float = 0.0  # in the residual layers
    human_shards: int = 0  # pieces of pseudo-sentences from each corpus of recordings
    human_steps: int = 0  # training steps with people's speech, after those without


SIZES: Final = MappingProxyType(
    {
        "full": Size(
            name="full",
            shards=56,
            shard_seconds=900,
            narrow=256,
            wide=384,
            residual_layers=8,
            steps=3000,
            batch_seconds=60,
            learning_rate=1.5e-3,
            text_sentences=60_000,
            generic_words=20_000,
            exam_sentences=60,
            dropout=0.2,
            human_shards=20,
            human_steps=6000,
        ),
        "small": Size(
            name="small",
            shards=4,
            shard_seconds=600,
            narrow=128,
            wide=192,
            residual_layers=4,
            steps=700,
            batch_seconds=30,
            learning_rate=3e-3,
            text_sentences=12_000,
            generic_words=1000,
            exam_sentences=8,
            spoken_at_random=0.2,
            human_shards=2,
            human_steps=700,
        ),
    }
)
