"""What triage costs: a decision against the bare scan that finds the same phrases, loading, and memory.

The scan is pyahocorasick alone over all phrases of the lexicon, as anybody would begin: it knows no sounds and nothing
that belongs together or cancels, and it decides nothing.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import ahocorasick
import yaml

from ivr.config import ROOT
from triage.engine import Triage

_UTTERANCES = ROOT / "tests" / "triage" / "utterances"
_LETTERS = 40
_ROUNDS = 7


def run(say: Callable[[str], None]) -> None:
    """Print load time, memory, and microseconds an utterance with their ratio."""
    before = _resident_mb()
    began = time.perf_counter()
    triage = Triage.load()
    say(f"loading the rules: {time.perf_counter() - began:.1f} s, {_resident_mb() - before:.0f} MB")
    texts = _texts()
    bare = ahocorasick.Automaton()
    for phrase in triage.phrases():
        bare.add_word(phrase, phrase)
    bare.make_automaton()
    rounds = [
        (
            _microseconds(lambda text: list(bare.iter(text)), texts),
            _microseconds(triage.decide, texts),
            _microseconds(triage.listen, texts),
        )
        for _ in range(_ROUNDS)
    ]
    scan, decide, listen = (min(times) for times in zip(*rounds, strict=True))
    say(f"{len(texts)} utterances of about {_LETTERS} characters, the best of {_ROUNDS} rounds:")
    say(f"  bare pyahocorasick {scan:6.1f} µs; decide {decide:6.1f} µs; listen {listen:6.1f} µs")
    ratios = [decided / scanned for scanned, decided, _ in rounds]
    say(
        f"  decide ÷ bare scan: {statistics.median(ratios):.0f} (rounds: {min(ratios):.0f} to {max(ratios):.0f})"
    )


def _texts() -> list[str]:
    """Sentences of the test set, put together until each text has about forty characters."""
    sentences = [
        sentence
        for file in ("police.yaml", "minsheng.yaml")
        for group in yaml.safe_load((_UTTERANCES / file).read_text(encoding="utf-8")).values()
        for sentence in group
    ]
    texts, text = [], ""
    for sentence in sentences:
        text += sentence
        if len(text) >= _LETTERS:
            texts.append(text[:_LETTERS])
            text = ""
    return texts


def _microseconds(does: Callable[[str], object], texts: Sequence[str]) -> float:
    began = time.perf_counter()
    for text in texts:
        does(text)
    return (time.perf_counter() - began) / len(texts) * 1e6


def _resident_mb() -> float:
    """What this process holds in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6
