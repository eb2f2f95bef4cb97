"""`python -m asr evaluate` with the real libvosk and voices that the bundled model was never trained on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from models.recipe.voice import speak, write_wav

ROOT = Path(__file__).resolve().parents[3]
SAID = {"a.wav": "我家的水管爆裂了，请派人来修一下", "b.wav": "快来人，有人抢劫"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for name, text in SAID.items():
        write_wav(folder / name, speak(text, "f5"))
    rows = "".join(f"{name},{text}\n" for name, text in SAID.items())
    (folder / "transcripts.csv").write_text(f"file,text\n{rows.replace('，', ' ')}", encoding="utf-8")
    return folder


def evaluate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "asr", "evaluate", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_the_figures_of_every_line(corpus: Path) -> None:
    done = evaluate(corpus, "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["line"] for line in lines] == ["clean", "A-law", "20 dB", "10 dB", "5 dB"]
    clean = lines[0]
    assert clean["clips"] == 2
    assert clean["character_error_rate"] <= 0.1
    assert clean["keyword_recall"] == 1.0
    assert 0 < clean["real_time_factor"] < 5
    assert 0 <= clean["first_partial_s"] < 5
    for line in lines:
        points = line["operating_points"]
        assert [point["confidence"] for point in points] == [0.0, 0.3, 0.5, 0.7, 0.9]
        assert points[0]["keyword_recall"] == line["keyword_recall"]
        for name in ("keyword_recall", "false_alarms_a_minute"):
            figures = [point[name] for point in points]
            assert figures == sorted(figures, reverse=True), "fewer words count, never more"
    assert clean["operating_points"][1]["keyword_recall"] == 1.0, "libvosk is sure of a clean voice"


def test_a_table_for_people(corpus: Path) -> None:
    done = evaluate(corpus, "--limit", "1")
    assert done.returncode == 0, done.stderr
    assert "bundled：1 段" in done.stdout
    assert "20 dB" in done.stdout
    assert "关键词：只算置信度够高的" in done.stdout
    assert "查全 70% 以上，误报每分钟不超过 1 次" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["."], "transcripts.csv"),
        (["nowhere"], "nowhere"),
        ([".", "--model", "no-such-model"], "no-such-model"),
        ([".", "--limit", "0"], "limit"),
    ],
)
def test_a_mistake_is_told_in_one_line(arguments: list[str], says: str, tmp_path: Path) -> None:
    target = [tmp_path if argument == "." else argument for argument in arguments]
    done = evaluate(*target)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_help_is_chinese() -> None:
    assert "衡量语音模型" in evaluate("--help").stdout
