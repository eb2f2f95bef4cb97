"""What the measurements listen to: sentences made of the held-out voices, through G.711 A-law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from asr.g711 import alaw_decode, alaw_encode
from models.recipe.voice import speak

SAMPLE_RATE = 8000


@dataclass(frozen=True, slots=True)
class Sentence:
    """A spoken sentence: `deciding` is the part of the text that decides, None for a livelihood request."""

    text: str
    voice: str
    deciding: str | None


SENTENCES = (
    Sentence("我在人民广场的公交站这里，刚才有个男的把我的包抢走了，往火车站那边跑了", "f5", "抢走了"),
    Sentence("喂你好，我跟你说，楼下有两个人拿着刀在打架，你们快点过来看一下", "m7", "拿着刀"),
    Sentence("我老公喝了酒又打我，我现在躲在卫生间里，孩子也在这里", "Annie", "打我"),
    Sentence("你好，我们小区从昨天晚上开始停水了，到现在一点水都没有，你们能不能问一下", "f5", None),
    Sentence("你好，中山路这边的路灯坏了好几天了，晚上看不见，麻烦派人来修一下", "m7", None),
    Sentence("工地老板拖欠我们三个月的工资，一直不给，我想问问应该找谁", "Annie", None),
)


def spoken(text: str, voice: str) -> bytes:
    """The sentence as it comes over the line: s16le mono 8 kHz after A-law, a little silence around it."""
    pause = np.zeros(SAMPLE_RATE // 4, np.int16)
    samples = np.concatenate([pause, speak(text, voice), pause])
    return alaw_decode(alaw_encode(samples)).astype("<i2").tobytes()


def seconds(pcm: bytes) -> float:
    """Length of s16le mono 8 kHz audio."""
    return len(pcm) / 2 / SAMPLE_RATE


def end_of(sentence: Sentence) -> float:
    """Seconds into `spoken(...)` at which the deciding words have been said, found by speaking only that far."""
    if sentence.deciding is None:
        return seconds(spoken(sentence.text, sentence.voice)) - 0.25
    until = sentence.text[: sentence.text.index(sentence.deciding) + len(sentence.deciding)]
    return seconds(spoken(until, sentence.voice)) - 0.25
