"""The model in the repository, in the real libvosk, with voices that it was never trained on."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soxr
import vosk

from models.recipe.heldout import HELD_OUT_VOICES
from models.recipe.voice import speak

ROOT = Path(__file__).parents[2]
BUNDLED = ROOT / "models" / "bundled"
_RATE = 8000
_CALLS = (
    "你好，我要报警，有人抢劫",
    "我家着火了，快来人啊",
    "喂，我们小区停水了",
    "门口的路灯坏了，晚上什么都看不见",
    "公司拖欠工资，已经三个月了",
    "有人拿刀砍人，快来",
    "我的电话是一三八零零一三八零零零",
    "电梯坏了，有人被困在电梯里",
    "转人工",
    "我老公打我，快来救我",
)


@pytest.fixture(scope="module")
def model() -> vosk.Model:
    vosk.SetLogLevel(-1)
    return vosk.Model(str(BUNDLED))


def _hear(recogniser: vosk.KaldiRecognizer, samples: np.ndarray) -> list[dict[str, object]]:
    """Stream samples in pieces of 20 ms; gives all results with something in them."""
    pcm = samples.astype("<i2").tobytes()
    results = [
        json.loads(recogniser.Result())
        for at in range(0, len(pcm), 320)
        if recogniser.AcceptWaveform(pcm[at : at + 320])
    ]
    return [result for result in [*results, json.loads(recogniser.FinalResult())] if result["text"]]


def _text(results: list[dict[str, object]]) -> str:
    return "".join(str(result["text"]) for result in results).replace(" ", "")


def _distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for index, left in enumerate(one, start=1):
        before, row = row, [index]
        for at, right in enumerate(other):
            row.append(min(before[at] + (left != right), before[at + 1] + 1, row[-1] + 1))
    return row[-1]


@pytest.mark.parametrize("voice", HELD_OUT_VOICES)
def test_calls_are_heard(model: vosk.Model, voice: str) -> None:
    wrong = characters = 0
    for call in _CALLS:
        said = re.sub("[，。]", "", call)
        heard = _text(_hear(vosk.KaldiRecognizer(model, _RATE), speak(call, voice)))
        wrong += _distance(said.replace("一", "幺"), heard.replace("一", "幺"))
        characters += len(said)
    assert wrong / characters < 0.08


@pytest.mark.parametrize("kind", ["silence", "noise", "dial tone", "busy tone", "hum", "key"])
def test_nothing_is_heard_where_nobody_speaks(model: vosk.Model, kind: str) -> None:
    time = np.arange(4 * _RATE) / _RATE
    noise = np.random.default_rng(1).normal(0, 300, 4 * _RATE)
    tone = 6000 * np.sin(2 * np.pi * 450 * time)
    signals = {
        "silence": np.zeros(4 * _RATE),
        "noise": noise,
        "dial tone": tone,
        "key": 3000
        * (np.sin(2 * np.pi * 770 * time) + np.sin(2 * np.pi * 1336 * time))
        * (np.mod(time, 0.4) < 0.1),
        "busy tone": tone * (np.mod(time, 0.7) < 0.35),
        "hum": 800 * sum(np.sin(2 * np.pi * 50 * h * time) / h for h in range(1, 8)) + noise / 4,
    }
    assert _text(_hear(vosk.KaldiRecognizer(model, _RATE), np.round(signals[kind]))) == ""


def test_a_grammar_limits_what_is_heard(model: vosk.Model) -> None:
    grammar = json.dumps(["报警", "人工", "[unk]"], ensure_ascii=False)
    assert _text(_hear(vosk.KaldiRecognizer(model, _RATE, grammar), speak("人工"))) == "人工"
    other = _text(_hear(vosk.KaldiRecognizer(model, _RATE, grammar), speak("今天天气怎么样")))
    assert other.replace("[unk]", "") in ("", "报警", "人工")


def test_words_have_times_within_the_audio_and_confidences(model: vosk.Model) -> None:
    recogniser = vosk.KaldiRecognizer(model, _RATE)
    recogniser.SetWords(True)
    samples = speak("我们小区停水了")
    words = [word for result in _hear(recogniser, samples) for word in result["result"]]  # type: ignore[attr-defined]
    assert words
    ends = 0.0
    for word in words:
        assert ends <= word["start"] + 0.031 <= word["end"] + 0.031
        assert 0 < word["conf"] <= 1.0 + 1e-6
        ends = word["end"]
    assert ends <= len(samples) / _RATE + 0.1


def test_a_sentence_ends_by_itself_after_a_pause(model: vosk.Model) -> None:
    recogniser = vosk.KaldiRecognizer(model, _RATE)
    samples = np.concatenate([speak("着火了"), np.zeros(3 * _RATE, np.int16)])
    pcm = samples.astype("<i2").tobytes()
    ended = [at for at in range(0, len(pcm), 320) if recogniser.AcceptWaveform(pcm[at : at + 320])]
    assert ended
    assert len(samples) - 3 * _RATE < ended[0] / 2 + 160 < len(samples)


def test_audio_at_16_kilohertz_is_taken_too(model: vosk.Model) -> None:
    doubled = soxr.resample(speak("我们小区停水了").astype(np.float32), _RATE, 2 * _RATE).astype(np.int16)
    assert "停水" in _text(_hear(vosk.KaldiRecognizer(model, 2 * _RATE), doubled))


def test_the_same_call_is_heard_the_same_way_twice(model: vosk.Model) -> None:
    samples = speak("下水道堵了，污水都流到路上了")
    first, second = (_hear(vosk.KaldiRecognizer(model, _RATE), samples) for _ in range(2))
    assert first == second


def test_every_word_of_the_triage_can_be_heard() -> None:
    """Whether the words that the model knows can be put together to it: 一动 is heard as 一 and 动."""
    from asr.phrases import lexicon_files, read_phrases

    lines = (BUNDLED / "graph" / "words.txt").read_text(encoding="utf-8").splitlines()
    known = {line.split()[0] for line in lines}
    phrases = read_phrases(lexicon_files(ROOT / "triage" / "lexicon"))
    if not phrases:
        pytest.skip("there is no triage lexicon yet")
    deaf = {phrase for phrase in phrases if not _can_be_put_together(phrase, known)}
    # The lexicon may grow between two builds of the model; a rebuilt graph takes it in (models/README.md).
    assert len(deaf) <= len(phrases) // 50, sorted(deaf)[:40]


def _can_be_put_together(phrase: str, known: set[str]) -> bool:
    reached = [True] + [False] * len(phrase)
    for end in range(1, len(phrase) + 1):
        reached[end] = any(reached[start] and phrase[start:end] in known for start in range(end))
    return reached[-1]


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in BUNDLED.rglob("*") if path.is_file()) < 15_000_000


def test_its_card_says_what_it_is_for() -> None:
    card = json.loads((BUNDLED / "model.json").read_text(encoding="utf-8"))
    assert card["sample_rate"] == _RATE
    assert card["held_out_voices"] == list(HELD_OUT_VOICES)
    readme = (BUNDLED / "README.md").read_text(encoding="utf-8")
    assert "synthetic" in readme
    assert str(card["seed"]) in readme
    for score in card["scores"]:
        assert score["set"] in readme
