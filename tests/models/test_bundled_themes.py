"""What 110 and 12345 are called for: the word that decides must be heard, from voices never trained on."""

import json
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
import vosk

from models.recipe.heldout import HELD_OUT_VOICES
from models.recipe.voice import speak

_BUNDLED = Path(__file__).parents[2] / "models" / "bundled"
_RATE = 8000
_POLICE = (
    ("我在公交站被人抢劫了", "抢劫"),
    ("家里进小偷了，丢了很多东西", "小偷"),
    ("我被电信诈骗了两万块钱", "诈骗"),
    ("楼下有人打架，快来", "打架"),
    ("我老公喝醉了打我", "打我"),
    ("有人拿着刀威胁我", "刀"),
    ("有人一直跟踪我，我很害怕", "跟踪"),
    ("我的孩子走丢了", "走丢"),
    ("路口发生了交通事故", "交通事故"),
    ("有人要跳楼", "跳楼"),
    ("仓库着火了，火很大", "着火"),
    ("有人晕倒了，需要救护车", "救护车"),
    ("一个醉汉躺在马路中间", "醉汉"),
    ("出租屋里有人聚众赌博", "赌博"),
    ("闻到很浓的煤气味", "煤气"),
    ("我被绑架了", "绑架"),
    ("救命啊，快来人啊", "救命"),
    ("有人溺水了", "溺水"),
)
_LIVELIHOOD = (
    ("我们小区停水了", "停水"),
    ("厨房的水管爆裂了", "水管"),
    ("整栋楼都停电了", "停电"),
    ("家里没有天然气了", "天然气"),
    ("家里暖气一点都不热", "暖气"),
    ("门口的路灯不亮", "路灯"),
    ("路上的井盖丢了", "井盖"),
    ("工地半夜还在施工，太吵了", "施工"),
    ("老板拖欠我们三个月工资", "工资"),
    ("我要投诉物业乱收费", "物业"),
    ("电梯坏了好几天了", "电梯"),
    ("楼下的垃圾没人清理", "垃圾"),
    ("下水道堵了，污水流到路上", "下水道"),
    ("医保卡丢了怎么补办", "医保"),
    ("幼儿园乱收费", "幼儿园"),
    ("小区停车位不够", "停车"),
    ("小区里有流浪狗", "流浪狗"),
    ("商家不给退款", "退款"),
    ("身份证在哪里办理", "身份证"),
)
_ANSWERS = (
    ("转人工", "人工"),
    ("是的", "是"),
    ("没有", "没有"),
    ("喂你好，是幺幺零吗", "幺幺零"),
    ("我打错了", "打错"),
)


@pytest.fixture(scope="module")
def model() -> vosk.Model:
    vosk.SetLogLevel(-1)
    return vosk.Model(str(_BUNDLED))


def _hear(model: vosk.Model, samples: np.ndarray) -> str:
    recogniser = vosk.KaldiRecognizer(model, _RATE)
    pcm = samples.astype("<i2").tobytes()
    pieces = (pcm[at : at + 3200] for at in range(0, len(pcm), 3200))
    results = [recogniser.Result() for piece in pieces if recogniser.AcceptWaveform(piece)]
    return "".join(json.loads(result)["text"] for result in [*results, recogniser.FinalResult()]).replace(
        " ", ""
    )


@pytest.mark.parametrize(
    ("voice", "said", "word"),
    [
        (voice, *call)
        for voice, call in zip(cycle(HELD_OUT_VOICES), (*_POLICE, *_LIVELIHOOD, *_ANSWERS), strict=False)
    ],
)
def test_the_deciding_word_is_heard(model: vosk.Model, voice: str, said: str, word: str) -> None:
    assert word in _hear(model, speak(said, voice))


@pytest.mark.parametrize(
    "said", ["今天天气很好，我们下午去公园吧", "请问火车站怎么走", "我在家看电视", "周末一起去爬山吧"]
)
def test_no_emergency_is_heard_in_ordinary_talk(model: vosk.Model, said: str) -> None:
    heard = _hear(model, speak(said))
    assert not any(word in heard for _, word in _POLICE), heard


@pytest.mark.parametrize("decibels", [20, 15, 10])
def test_words_are_heard_through_noise(model: vosk.Model, decibels: int) -> None:
    """White noise over the whole band, so many decibels below the voice."""
    noise = np.random.default_rng(decibels)
    found = 0
    for (said, word), voice in zip(_POLICE, cycle(HELD_OUT_VOICES), strict=False):
        samples = speak(said, voice).astype(np.float64)
        level = np.sqrt(np.mean(samples**2)) * 10 ** (-decibels / 20)
        heard = _hear(model, np.clip(samples + noise.normal(0, level, len(samples)), -32768, 32767))
        found += word in heard
    assert found >= len(_POLICE) * (0.9 if decibels > 10 else 0.75)


@pytest.mark.parametrize("factor", [0.02, 0.1, 1.9])
def test_words_are_heard_however_loud(model: vosk.Model, factor: float) -> None:
    samples = np.clip(speak("仓库着火了，火很大") * factor, -32768, 32767)
    assert "着火" in _hear(model, samples)


def test_words_are_heard_before_the_caller_has_finished(model: vosk.Model) -> None:
    recogniser = vosk.KaldiRecognizer(model, _RATE)
    pcm = speak("有人抢劫，我在人民路一百二十号，你们快点来").astype("<i2").tobytes()
    half = len(pcm) // 4 * 2
    for at in range(0, half, 320):
        recogniser.AcceptWaveform(pcm[at : min(at + 320, half)])
    assert "抢劫" in json.loads(recogniser.PartialResult())["partial"].replace(" ", "")


def test_two_calls_at_once_do_not_disturb_each_other(model: vosk.Model) -> None:
    calls = [
        speak("我们小区停水了").astype("<i2").tobytes(),
        speak("有人要跳楼", "m7").astype("<i2").tobytes(),
    ]
    recognisers = [vosk.KaldiRecognizer(model, _RATE) for _ in calls]
    for at in range(0, max(map(len, calls)), 320):
        for recogniser, pcm in zip(recognisers, calls, strict=True):
            recogniser.AcceptWaveform(pcm[at : at + 320])
    water, jump = (
        json.loads(recogniser.FinalResult())["text"].replace(" ", "") for recogniser in recognisers
    )
    assert "停水" in water
    assert "跳楼" in jump
