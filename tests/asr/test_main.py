"""`python -m asr`: a contract that other tools are built on."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from asr.__main__ import EXIT_NO_MODEL, EXIT_OK, EXIT_SOME_FAILED, EXIT_USAGE, main
from asr.g711 import alaw_encode
from tests.asr.conftest import PROJECT, Say
from tests.asr.wav import wav

PIPE = "我们小区的水管爆裂了"


@pytest.fixture
def caller(say: Say, tmp_path: Path) -> Path:
    path = tmp_path / "来电.wav"
    path.write_bytes(wav(say(PIPE).tobytes()))
    return path


def run(*arguments: str | Path, locale: str = "C.UTF-8") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "asr", *map(str, arguments)],
        cwd=PROJECT,
        env={**os.environ, "LC_ALL": locale},
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("locale", ["C.UTF-8", "C", "POSIX"])
def test_json_is_one_object_a_line_and_nothing_else(
    caller: Path, say: Say, model_dir: Path, tmp_path: Path, locale: str
) -> None:
    raw = tmp_path / "second.al"
    raw.write_bytes(alaw_encode(say(PIPE)))
    done = run(caller, raw, "--json", "--model", model_dir, locale=locale)
    assert done.returncode == EXIT_OK, done.stderr.decode()
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [line["file"] for line in lines] == [str(caller), str(raw)]
    for line in lines:
        assert set(line) == {"file", "text", "words", "duration_s", "real_time_factor"}
        assert line["text"] == PIPE
        assert line["duration_s"] == pytest.approx(len(say(PIPE)) / 8000, abs=0.001)
        assert line["real_time_factor"] > 0
        assert [set(word) for word in line["words"]] == [
            {"text", "start_s", "end_s", "confidence"} for _ in line["words"]
        ]
        assert "".join(word["text"] for word in line["words"]) == PIPE


def test_plain_output_is_file_and_text(
    caller: Path, model_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(caller), "--model", str(model_dir)]) == EXIT_OK
    assert capsys.readouterr() == (f"{caller}\t{PIPE}\n", "")


def test_other_readings_of_each_utterance(
    say: Say, model_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    knife, two = tmp_path / "knife.wav", tmp_path / "two.wav"
    knife.write_bytes(wav(say("他拿着刀").tobytes()))
    two.write_bytes(wav(np.concatenate([say(PIPE), np.zeros(16_000, np.int16), say("他拿着刀")]).tobytes()))
    options = ["--alternatives", "3", "--model", str(model_dir)]
    assert main([str(two), "--json", *options]) == EXIT_OK
    told = json.loads(capsys.readouterr().out)
    said = [utterance for utterance in told["utterances"] if utterance["text"]]
    assert [utterance["text"] for utterance in said] == [PIPE, "他拿着刀"]
    assert told["text"] == PIPE + "他拿着刀"
    readings = said[1]["alternatives"]
    assert 1 <= len(readings) <= 3
    assert [set(reading) for reading in readings] == [{"text", "share"}] * len(readings)
    assert "她拿着刀" in {reading["text"] for reading in readings}, "they sound the same"

    assert main([str(knife), str(two), *options]) == EXIT_OK
    lines = capsys.readouterr().out.splitlines()
    of_one, of_two = lines[: lines.index(f"{two}\t{told['text']}")], lines[lines.index("\t他拿着刀") :]
    assert of_one[0] == f"{knife}\t他拿着刀"
    for shown in (of_one, of_two):
        assert [line for line in shown if line.endswith("%\t她拿着刀")]


def test_a_file_that_is_no_sound_does_not_stop_the_others(
    caller: Path, model_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = tmp_path / "notes.wav"
    notes.write_text("no sound")
    status = main(
        [str(notes), str(tmp_path / "missing.wav"), str(caller), "--json", "--model", str(model_dir)]
    )
    out, err = capsys.readouterr()
    assert status == EXIT_SOME_FAILED
    assert [json.loads(line)["file"] for line in out.splitlines()] == [str(caller)]
    assert "notes.wav" in err
    assert "missing.wav" in err


def test_silence_is_said_so(model_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "silence.wav"
    path.write_bytes(wav(bytes(16_000)))
    assert main([str(path), "--model", str(model_dir)]) == EXIT_OK
    assert "没有听到话" in capsys.readouterr().out
    assert main([str(path), "--json", "--model", str(model_dir)]) == EXIT_OK
    assert json.loads(capsys.readouterr().out)["text"] == ""


def test_models_by_name_and_the_chosen_one(
    caller: Path, model_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installed = tmp_path / "installed"
    shutil.copytree(model_dir, installed / "mine")
    shelf = ["--installed", str(installed), "--bundled", str(tmp_path / "none")]
    assert main([str(caller), "--model", "mine", *shelf]) == EXIT_OK
    assert main([str(caller), *shelf]) == EXIT_NO_MODEL  # nothing chosen, nothing bundled
    (installed / "ACTIVE").write_text("mine\n")
    assert main([str(caller), *shelf]) == EXIT_OK
    assert main([str(caller), "--bundled", str(model_dir), "--installed", str(tmp_path / "none")]) == EXIT_OK
    assert capsys.readouterr().out.count(PIPE) == 3


def test_a_wide_band_model_is_warned_of_once_and_not_among_the_results(
    caller: Path, wide_model_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(caller), str(caller), "--json", "--model", str(wide_model_dir)]) == EXIT_OK
    out, err = capsys.readouterr()
    assert [json.loads(line)["file"] for line in out.splitlines()] == [str(caller)] * 2
    assert err.count("线路只有 8 kHz") == 1


@pytest.mark.parametrize("wanted", ["no-such-model", "am"])
def test_a_model_that_cannot_be_used(
    caller: Path, model_dir: Path, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(model_dir / "am") if wanted == "am" else wanted
    assert main([str(caller), "--json", "--model", model]) == EXIT_NO_MODEL
    out, err = capsys.readouterr()
    assert out == ""
    assert "模型" in err


def test_help_is_chinese_and_needs_no_model(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    out = capsys.readouterr().out
    assert ended.value.code == 0
    for words in ("用法：", "音频文件", "--model", "--json", "退出码", "合成语音"):
        assert words in out


@pytest.mark.parametrize(
    "arguments",
    [[], ["--json"], ["--nonsense", "a.wav"], ["a.wav", "--model"], ["a.wav", "--alternatives", "11"]],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    assert ended.value.code == EXIT_USAGE
    assert out == ""
    assert "用法错误" in err
