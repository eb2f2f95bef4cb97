"""A recording that a model is tried on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording of the evaluation: its set, what is said (no punctuation), and 16-bit samples at 8 kHz."""

    set_name: str
    text: str
    pcm: bytes
