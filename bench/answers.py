"""What a grammar for the answers is worth: a second recogniser, bound to yes and no, beside the dictation.

Answers, dangerous sentences that begin like one, and ordinary sentences, spoken by held-out voices, are heard by the
dictation and by the same model bound to the lexicon's answers and `[unk]`. What either hears is read as the dialogue
reads the answer to its question about danger. A grammar fits any sound into its phrases, so it counts only where it
knows and is sure of every word, and its `no` only with two characters at least: 没, 无 and 冇 are heard in anything.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import yaml

from asr.evaluation.lines import LINES, Line, noisy
from asr.recogniser import Engine
from asr.utterance import UNKNOWN, Word, join
from asr.vosk_engine import VoskEngine
from bench.alternatives import UTTERANCES, texts
from ivr.config import BUNDLED_MODEL
from models.recipe.errors import UnspeakableError
from models.recipe.heldout import HELD_OUT_VOICES
from models.recipe.voice import SAMPLE_RATE, speak
from triage.engine import Triage
from triage.lexicon import DEFAULT_FOLDER, load_lexicon
from triage.questions import Danger

SAID = {
    "yes": (
        "有 有的 有啊 是 是的 对 对的 对啊 有人受伤 有人受伤了 受伤了 有危险 很危险 有一个人 "
        "有两个 有人流血 是的有人受伤 好像有 可能有 不知道 不清楚 嗯有 有的有的 对对对"
    ),
    "no": (
        "没有 没 没人 没有人 没事 没有危险 没有人受伤 没人受伤 没有受伤 没受伤 人没事 都没有 "
        "都没事 不是 没有没有 没什么危险 没那么严重 那倒没有 暂时没有 嗯没有 没有的 没有啊 "
        "没事没事 不是不是"
    ),
    "no, and more": (
        "没有就是水管的问题 没有我家停水 没有人受伤就是漏水 没事就是路灯坏了 没有就是物业不管 "
        "没人受伤就是太吵了"
    ),
    "danger": (
        "不是他拿着刀 没有呼吸了 没有办法出去 没人管我他打我 没有人敢进去 没有钱就别想走 他拿着刀 "
        "有人拿刀 他要杀我 我老公打我 着火了 救命啊 不是他要杀人 没气了 快来人啊 他不让我走 "
        "我被关在屋里 我妈晕倒了 没有力气了快救我 不是抢劫是杀人"
    ),
}
"""What is said when the dialogue asks whether anybody is hurt or in danger."""
_ORDINARY = {"minsheng": 24, "police": 16}  # sentences of the unseen set that answer nothing
_SURE = (0.0, 0.5, 0.8, 0.9, 0.95)  # of every word
PIECE = 3200  # bytes, 0.2 s: a turn of the pool
_LONG_NO = ("没有", "没人", "没事", "没受", "没危", "没什", "没那", "不是")
_HEARD = 380  # of 1,240 that there are
PAUSE = np.zeros(2400, np.int16)  # 0.3 s
TRIED = {line.name: line for line in (*LINES, Line("0 dB", noisy(0))) if line.name not in {"clean", "20 dB"}}
_TOGETHER = 0.9  # how sure a grammar is whose answer counts beside the dictation's


@dataclass(frozen=True, slots=True)
class _Sound:
    """An answer on its way to us."""

    kind: str
    line: str
    pcm: bytes


_Understand = Callable[[Sequence[Word], Sequence[Word]], Danger]
"""What a caller answers, from the words of the dictation and those of the grammar."""


def run(say: Callable[[str], None]) -> None:
    """Print how often yes and no were understood, by kind of answer and line, and what decoding took."""
    dictation, triage = VoskEngine(BUNDLED_MODEL), Triage.load()
    answers = load_lexicon(DEFAULT_FOLDER).answers
    bound = dictation.bound((*answers.yes, *answers.no, *answers.fillers))
    if bound is None:
        say("  the model takes no grammar")
        return
    ways = _ways(triage)
    counted: dict[tuple[str, str, str], Counter[Danger]] = defaultdict(Counter)
    decoding_s = [0.0, 0.0]
    length_s = 0.0
    for number, sound in enumerate(_sounds(), start=1):
        heard = []
        for way, engine in enumerate((dictation, bound)):
            began = time.thread_time()
            heard.append(hear(engine, sound.pcm))
            decoding_s[way] += time.thread_time() - began
        length_s += len(sound.pcm) / 2 / SAMPLE_RATE
        for name, understand in ways.items():
            counted[sound.kind, sound.line, name][understand(heard[0], heard[1])] += 1
        if number == _HEARD:
            break
    for (kind, line, name), told in sorted(counted.items()):
        yes, no = told[Danger.CONFIRMED], told[Danger.DENIED]
        say(f"  {kind:12} {line:6} {name:20} {told.total():3} heard: yes {yes:3}, no {no:3}")
    dictated_s, bound_s = (spent / length_s for spent in decoding_s)
    say(f"  decoding, s a second of sound: dictation {dictated_s:.3f}, grammar {bound_s:.3f}")


def _ways(triage: Triage) -> dict[str, _Understand]:
    """The dictation, the grammar and both, each from a certain confidence on."""

    def dictation(sure: float) -> _Understand:
        return lambda dictated, _bound: _read(triage, dictated, sure)

    def grammar(sure: float) -> _Understand:
        return lambda _dictated, bound: _read(triage, bound, sure, whole=True)

    def both(dictated: Sequence[Word], bound: Sequence[Word]) -> Danger:
        told = {_read(triage, dictated, 0.5), _read(triage, bound, _TOGETHER, whole=True)}
        return next((one for one in (Danger.CONFIRMED, Danger.DENIED) if one in told), Danger.UNKNOWN)

    one = {
        f"{name} {sure:g}": make(sure)
        for name, make in (("dictation", dictation), ("grammar", grammar))
        for sure in _SURE
    }
    return {**one, "both": both}


def _read(triage: Triage, words: Sequence[Word], sure: float, *, whole: bool = False) -> Danger:
    """`whole`: of a grammar, which has to know every word, and whose `no` has two characters at least."""
    known = [word for word in words if word.text != UNKNOWN]
    if not known or min(word.confidence for word in known) < sure or (whole and len(known) < len(words)):
        return Danger.UNKNOWN
    text = join(word.text for word in known)
    told = triage.answer(text)
    return (
        Danger.UNKNOWN if whole and told is Danger.DENIED and not any(no in text for no in _LONG_NO) else told
    )


def hear(engine: Engine, pcm: bytes) -> list[Word]:
    """The words of all final utterances, s16le mono 8 kHz."""
    recogniser = engine.open()
    heard = [recogniser.accept(pcm[at : at + PIECE]) for at in range(0, len(pcm), PIECE)]
    finals = [utterance for utterance in (*heard, recogniser.finish()) if utterance and utterance.is_final]
    return [word for utterance in finals for word in utterance.words]


def _sounds() -> Iterator[_Sound]:
    """Every answer from several voices over every line, in an order by chance: the same in every run."""
    jobs = [
        (kind, text, voice, line) for kind, text, voices in _spoken() for voice in voices for line in TRIED
    ]
    Random(9).shuffle(jobs)
    for number, (kind, text, voice, line) in enumerate(jobs):
        chance = Random(f"{text}{voice}")
        try:
            voiced = speak(text, voice, rate=chance.randint(140, 220), pitch=chance.randint(30, 70))
        except UnspeakableError:
            continue
        carried = TRIED[line].carry(np.concatenate([PAUSE, voiced, PAUSE]), np.random.default_rng(number))
        yield _Sound(kind, line, carried.astype("<i2").tobytes())


def _spoken() -> Iterator[tuple[str, str, Sequence[str]]]:
    """What kind it is, what is said, and whose voices say it."""
    chance = Random(1)
    unseen = yaml.safe_load((UTTERANCES / "unseen.yaml").read_text(encoding="utf-8"))
    ordinary = {route: list(texts(unseen[route])) for route in _ORDINARY}
    for sentences in ordinary.values():
        chance.shuffle(sentences)
    said = [(kind, text) for kind, answers in SAID.items() for text in answers.split()]
    said += [("ordinary", text) for route, count in _ORDINARY.items() for text in ordinary[route][:count]]
    chance.shuffle(said)
    for number, (kind, text) in enumerate(said):
        short = {
            "yes": HELD_OUT_VOICES[:4],
            "no": HELD_OUT_VOICES[:4],
            "ordinary": (HELD_OUT_VOICES[number % 5],),
        }
        yield kind, text, short.get(kind, HELD_OUT_VOICES[1:4])
