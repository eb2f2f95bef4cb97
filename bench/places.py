"""How the recogniser that is bound to a list of places hears an answer, against the dictation of the same model.

The names are invented; docs/speech-quality.md has the figures for two real lists. Voices and lines are those of `bench
answers`. What either hears is read as in a call: given are how often it was the right place and no other, how often
another, and how often there was one though none was said.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from random import Random

import numpy as np
import yaml

from asr.recogniser import SAMPLE_RATE
from asr.utterance import Word, join
from asr.vosk_engine import VoskEngine
from bench.alternatives import UTTERANCES, texts
from bench.answers import PAUSE, TRIED, hear
from ivr.config import BUNDLED_MODEL
from models.recipe.errors import UnspeakableError
from models.recipe.heldout import HELD_OUT_VOICES
from models.recipe.voice import speak
from triage.facts.fact import Fact, Level
from triage.facts.finder import FactFinder
from triage.facts.gazetteer import Gazetteer, Place
from triage.facts.place_answers import PlaceAnswers

_TOWNS = (
    "昭山街道", "柳溪镇", "石坂镇", "大墩镇", "白沙乡", "上坊镇", "洪坑乡", "沿溪镇", "古樟镇", "双桥街道",
    "桂坪乡", "卫前镇", "张墩镇", "龙潭镇", "金竹乡", "吴坊镇", "南浦街道", "岭下乡", "河源镇", "东坑镇",
)  # fmt: skip
_SAID = ("{}", "我在{}", "我现在在{}", "{}政府对面", "我家住{}", "是{}的", "{}那里")
_NOWHERE = ("我家里", "我在楼下", "就在这里", "不知道在哪里", "我在路上", "在学校门口", "在医院", "我在家")
_ORDINARY = 12  # sentences of each route of the unseen set


def run(say: Callable[[str], None]) -> None:
    """Print for each line what was understood, and what decoding took."""
    finder = FactFinder(Gazetteer(tuple(Place(name, Level.TOWN) for name in _TOWNS)))
    answers, dictation = PlaceAnswers(finder), VoskEngine(BUNDLED_MODEL)
    bound = dictation.bound(answers.phrases)
    if bound is None:
        say("  the model takes no grammar")
        return
    counted: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    spent_s, length_s = [0.0, 0.0], 0.0
    for line, place, pcm in _sounds():
        heard: list[list[Word]] = []
        for way, engine in enumerate((dictation, bound)):
            began = time.thread_time()
            heard.append(hear(engine, pcm))
            spent_s[way] += time.thread_time() - began
        length_s += len(pcm) / 2 / SAMPLE_RATE
        alone = _listed(finder.find(join(word.text for word in heard[0])))
        ear = _listed(fact for fact, _ in answers.read([(word.text, word.confidence) for word in heard[1]]))
        for name, told in (("dictation", alone), ("dictation, else places", alone or ear)):
            verdict = "right" if place and told == {place} else "another" if told else "none"
            counted["a place" if place else "no place", line, name][verdict] += 1
    for (kind, line, name), told_of in sorted(counted.items()):
        right, another = told_of["right"], told_of["another"]
        say(f"  {kind:8} {line:6} {name:22} {told_of.total():3} heard: right {right:3}, another {another:3}")
    dictated_s, bound_s = (spent / length_s for spent in spent_s)
    say(f"  decoding, s a second of sound: dictation {dictated_s:.3f}, places {bound_s:.3f}")


def _listed(facts: Iterable[Fact]) -> set[str]:
    """The places of the list among these."""
    return {part.value for fact in facts for part in fact.parts} & set(_TOWNS)


def _sounds() -> Iterator[tuple[str, str, bytes]]:
    """Every answer over every line, with the place that was said, empty for none: the same in every run."""
    chance = Random(1)
    unseen = yaml.safe_load((UTTERANCES / "unseen.yaml").read_text(encoding="utf-8"))
    ordinary = [
        text
        for route in ("minsheng", "police")
        for text in chance.sample(list(texts(unseen[route])), _ORDINARY)
    ]
    said = [
        (name, _SAID[(2 * i + j) % len(_SAID)].format(name))
        for i, name in enumerate(_TOWNS)
        for j in range(2)
    ]
    said += [("", text) for text in (*ordinary, *_NOWHERE)]
    for number, (place, text) in enumerate(said):
        voice, rate, pitch = HELD_OUT_VOICES[number % 5], chance.randint(140, 220), chance.randint(30, 70)
        try:
            voiced = speak(text, voice, rate=rate, pitch=pitch)
        except UnspeakableError:
            continue
        for name, line in TRIED.items():
            carried = line.carry(np.concatenate([PAUSE, voiced, PAUSE]), np.random.default_rng(number))
            yield name, place, carried.astype("<i2").tobytes()
