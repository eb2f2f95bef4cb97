"""People for tests: the synthesiser's held-out voices, recorded into files."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from models.recipe.voice import speak

SENTENCES = (
    *("我要报警", "有人抢劫", "着火了", "我家漏水了", "没有电", "小区停水了", "快来人", "楼上太吵了"),
    *("手机被偷了", "路灯坏了", "有人打架", "老人走失了"),
)


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., Path]:
    """Records sentences into a folder with a list."""

    def record(*sentences: str, voice: str = "f5") -> Path:
        folder = tmp_path / "recordings"
        folder.mkdir()
        with (folder / "transcripts.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("file", "text"))
            for number, sentence in enumerate(sentences or SENTENCES):
                name = f"{number:02d}.wav"
                soundfile.write(folder / name, speak(sentence, voice), 8000)
                rows.writerow((name, sentence))
        return folder

    return record
