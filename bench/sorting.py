"""What triage costs: a decision against the bare scan that finds the same phrases, loading, and memory.

The scan is pyahocorasick alone over all phrases of the lexicon, as anybody would begin: it knows no sounds and nothing
that belongs together or cancels, and it decides nothing.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import ahocorasick
import yaml

from ivr.config import ROOT
from triage.engine import Triage

_UTTERANCES = ROOT / "tests" / "triage" / "utterances"
_LETTERS = 40
_ROUNDS = 7
_LOADING = """
import resource, time
from triage.engine import Triage
before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
Triage.load()
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(f"{time.perf_counter() - began:.1f} s, {grown / 1024:.0f} MiB")
"""


def run(say: Callable[[str], None]) -> None:
    """Print load time, memory, and microseconds an utterance with their ratio."""
    say(f"loading the rules, in a process of its own: {_loading()}")
    triage = Triage.load()
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
    scan, decide, listen = (statistics.median(times) for times in zip(*rounds, strict=True))
    ratios = [decided / scanned for scanned, decided, _ in rounds]
    say(f"{len(texts)} utterances of {_LETTERS} characters, medians of {_ROUNDS} rounds:")
    say(f"  bare pyahocorasick {scan:6.1f} µs; decide {decide:6.1f} µs; listen {listen:6.1f} µs")
    say(
        f"  decide ÷ bare scan: {statistics.median(ratios):.0f} (rounds: {min(ratios):.0f} to {max(ratios):.0f})"
    )


def _texts() -> list[str]:
    """Sentences of the test set, put together and cut into texts of forty characters."""
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


def _loading() -> str:
    """Load in a process that has nothing yet, jieba's dictionary included."""
    done = subprocess.run(
        [sys.executable, "-c", _LOADING], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
