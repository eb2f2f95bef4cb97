"""How long we wait for a caller. Apart from the dialogue, so that reading the configuration loads no rules."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a dialogue waits for what, in seconds."""

    listen_limit_s: float = 20.0
    """The whole dialogue; then what stands counts, and in mid-utterance that is police. The dialplan waits longer."""
    silence_s: float = 3.0
    """No voice at all: ask once, then police."""
    sentence_end_s: float = 0.5
    """A pause after a clear livelihood request: the sentence is over."""
    turn_end_s: float = 1.3
    """A pause after speech that is not clear: the caller waits for us."""
    barge_in_s: float = 0.2
    """So much voice while we speak stops our prompt."""
