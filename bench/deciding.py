"""How long after the deciding word a call is decided: while listening, and the simple way side by side.

The simple way is what many systems do: record until the caller pauses, recognise the recording, decide. Both get the
same sentences in the same pieces of 20 ms and use the same recogniser and the same rules; time is audio time plus
the computing that it took.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import vosk

from asr.recogniser import Recogniser
from asr.utterance import Utterance
from asr.vosk_engine import VoskEngine
from bench.audio import SENTENCES, end_of, seconds, spoken
from ivr.config import BUNDLED_MODEL
from ivr.patience import Patience
from triage.decision import Listening
from triage.engine import Triage

FRAME_BYTES = 320
RECORDING_ENDS_AFTER_S = 2.0
"""Silence that ends a recording; Asterisk's Record() is commonly given two to three seconds."""


def run(say: Callable[[str], None]) -> None:
    """Print the delay of each sentence both ways, and the medians' ratio."""
    vosk.SetLogLevel(-1)
    engine, triage = VoskEngine(BUNDLED_MODEL), Triage.load()
    listening, simple = [], []
    for sentence in SENTENCES:
        pcm, spoken_at = spoken(sentence.text, sentence.voice), end_of(sentence)
        while_listening = _while_listening(engine.open(), triage, pcm) - spoken_at
        afterwards = _recorded_first(engine, triage, pcm) - spoken_at
        kind = "police" if sentence.deciding else "minsheng"
        what = f"{kind:8} {sentence.deciding or 'end of the sentence'}"
        say(f"  {what}: {while_listening:5.2f} s, simple way {afterwards:5.2f} s")
        listening.append(while_listening)
        simple.append(afterwards)
    ratio = statistics.median(simple) / statistics.median(listening)
    say(f"deciding word spoken → decision: median {statistics.median(listening):.2f} s")
    say(
        f"  record first, then recognise: median {statistics.median(simple):.2f} s, {ratio:.1f} times as long"
    )


def _while_listening(recogniser: Recogniser, triage: Triage, pcm: bytes) -> float:
    """Seconds from the start of the call to the decision, as the dialogue comes to it."""
    finals: list[str] = []
    pause = bytes(8000 * 2 * 3)
    audio = pcm + pause
    computing = 0.0
    clear_since: float | None = None
    for at in range(0, len(audio), FRAME_BYTES):
        now = seconds(audio[: at + FRAME_BYTES])
        began = time.perf_counter()
        utterance = recogniser.accept(audio[at : at + FRAME_BYTES])
        verdict = _verdict(triage, finals, utterance)
        computing = max(0.0, computing + time.perf_counter() - began - 0.02)  # what piles up, if it does
        if verdict is Listening.POLICE_NOW:
            return now + computing
        if verdict is not None:
            clear_since = now if verdict is Listening.LIVELIHOOD_CLEAR else None
        quiet_since = seconds(pcm) - 0.25
        if clear_since is not None and now >= max(clear_since, quiet_since + Patience().sentence_end_s):
            return now + computing
    return seconds(audio)


def _verdict(triage: Triage, finals: list[str], utterance: Utterance | None) -> Listening | None:
    if utterance is None or not utterance.text:
        return None
    verdict, _ = triage.listen("，".join([*finals, utterance.text]))
    if utterance.is_final:
        finals.append(utterance.text)
    return verdict


def _recorded_first(engine: VoskEngine, triage: Triage, pcm: bytes) -> float:
    recogniser = engine.open()
    began = time.perf_counter()
    text = [u.text for u in [recogniser.accept(pcm), recogniser.finish()] if u is not None and u.is_final]
    triage.decide("，".join(text))
    return seconds(pcm) - 0.25 + RECORDING_ENDS_AFTER_S + time.perf_counter() - began
