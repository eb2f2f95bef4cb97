"""What people are told of a model's fitness for the telephone."""

from pathlib import Path

import pytest

from asr.errors import ModelBroken
from asr.fitness import portrait, wide_band_warning
from tests.asr.test_model_files import ALWAYS, lay_out


def test_a_wide_band_model_is_warned_of_and_a_narrow_one_is_not() -> None:
    assert wide_band_warning(8000) == ""
    warning = wide_band_warning(16000)
    for words in ("按宽带（16 kHz）训练", "线路只有 8 kHz", "识别率会下降", "python -m asr evaluate"):
        assert words in warning


def test_the_bundled_model(model_dir: Path) -> None:
    told = portrait(model_dir)
    assert told.startswith("8000 Hz，")
    assert "可以限定词表" in told
    assert told.endswith("许可 CC BY-SA")


def test_an_official_model_has_the_licence_of_the_catalogue_and_one_graph(tmp_path: Path) -> None:
    told = portrait(lay_out(tmp_path / "vosk-model-cn-0.22", *ALWAYS, "graph/HCLG.fst"))
    assert told == "16000 Hz，0 MB，不能限定词表（没有 look-ahead 图），许可 Apache-2.0"


def test_a_model_that_names_none_has_it_in_its_card(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "mine", *ALWAYS, "graph/HCLG.fst")
    (folder / "README.md").write_text("# Mine\n", encoding="utf-8")
    assert portrait(folder).endswith(f"许可见 {folder / 'README.md'}")


def test_a_model_without_any_text_has_no_known_licence(tmp_path: Path) -> None:
    assert portrait(lay_out(tmp_path / "mine", *ALWAYS, "graph/HCLG.fst")).endswith("许可不明：没有 README")


def test_a_model_may_name_its_licence_itself(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "mine", *ALWAYS, "graph/HCLG.fst")
    for content, told in (
        ('{"licence": "CC BY-SA"}', "许可 CC BY-SA"),
        ('{"licence": "A\\nB"}', "许可 A B"),
        ('{"licence": 5}', "许可不明：没有 README"),
        ("[" * 60_000, "许可不明：没有 README"),
    ):
        (folder / "model.json").write_text(content, encoding="utf-8")
        assert portrait(folder).endswith(told)


def test_what_is_no_model_has_no_portrait(tmp_path: Path) -> None:
    with pytest.raises(ModelBroken):
        portrait(tmp_path)
