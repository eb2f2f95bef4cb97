"""What makes a folder a model, and what its files tell."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr import model_files
from asr.errors import ModelBroken, ModelNotFound

PAIR = ("graph/HCLr.fst", "graph/Gr.fst", "graph/disambig_tid.int")
ALWAYS = ("am/final.mdl", "conf/model.conf", "graph/words.txt", "conf/mfcc.conf")


def lay_out(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x\n")
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return lay_out(tmp_path / "vosk-model-test", *ALWAYS, "graph/HCLG.fst")


def test_the_models_in_use_are_whole(model_dir: Path, wide_model_dir: Path) -> None:
    for folder in (model_dir, wide_model_dir):
        model_files.check(folder)
    assert model_files.sample_rate(model_dir) == 8000
    assert model_files.sample_rate(wide_model_dir) == 16000


@pytest.mark.parametrize("name", [*ALWAYS, "graph/HCLG.fst"])
def test_each_file_is_missed_by_name(model: Path, name: str) -> None:
    (model / name).unlink()
    with pytest.raises(ModelBroken, match=name):
        model_files.check(model)


@pytest.mark.parametrize("name", ALWAYS)
def test_an_empty_file_is_as_good_as_none(model: Path, name: str) -> None:
    (model / name).write_bytes(b"")
    assert any(name in missing for missing in model_files.missing_files(model))


def test_a_folder_in_place_of_a_file_is_no_file(model: Path) -> None:
    (model / "am/final.mdl").unlink()
    (model / "am/final.mdl").mkdir()
    assert model_files.missing_files(model) == ("am/final.mdl",)


def test_the_look_ahead_pair_replaces_the_graph(model: Path) -> None:
    (model / "graph/HCLG.fst").unlink()
    lay_out(model, *PAIR)
    assert model_files.missing_files(model) == ()


@pytest.mark.parametrize("name", PAIR)
def test_half_a_pair_is_no_graph(model: Path, name: str) -> None:
    (model / "graph/HCLG.fst").unlink()
    lay_out(model, *(other for other in PAIR if other != name))
    assert model_files.missing_files(model) == (name,)


def test_grammars_go_into_a_look_ahead_pair_only(model: Path, model_dir: Path) -> None:
    assert model_files.takes_grammars(model_dir)
    assert not model_files.takes_grammars(model)
    lay_out(model, *PAIR)
    assert not model_files.takes_grammars(model), "libvosk takes the whole graph where there is one"
    (model / "graph/HCLG.fst").unlink()
    assert model_files.takes_grammars(model)


def test_fbank_features_will_do(model: Path) -> None:
    (model / "conf/mfcc.conf").rename(model / "conf/fbank.conf")
    assert model_files.missing_files(model) == ()
    assert model_files.sample_rate(model) == model_files.KALDI_SAMPLE_RATE


@pytest.mark.parametrize("place", ["nowhere", "am"])
def test_no_folder_no_model(tmp_path: Path, place: str) -> None:
    if place == "am":
        (tmp_path / place).write_text("a file")
    with pytest.raises(ModelNotFound, match="model install"):
        model_files.check(tmp_path / place)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("--sample-frequency=8000\n", 8000),
        ("--sample-frequency=16000", 16000),
        ("--use-energy=false\n  --sample-frequency = 8000.0  # narrow band\n", 8000),
        ("--sample_frequency=8000\n", 8000),
        ("# --sample-frequency=8000\n", 16000),
        ("--num-ceps=40\n", 16000),
        ("--sample-frequency=16000\n--sample-frequency=8000\n", 8000),
    ],
)
def test_the_rate_is_read_as_kaldi_reads_it(model: Path, text: str, rate: int) -> None:
    (model / "conf/mfcc.conf").write_text(text)
    assert model_files.sample_rate(model) == rate


@pytest.mark.parametrize("value", ["", "fast", "0", "-8000", "nan", "inf", "44100"])
def test_a_rate_that_no_model_has_is_refused(model: Path, value: str) -> None:
    (model / "conf/mfcc.conf").write_text(f"--sample-frequency={value}\n")
    with pytest.raises(ModelBroken, match=r"mfcc\.conf"):
        model_files.sample_rate(model)


def test_no_features_no_rate(model: Path) -> None:
    (model / "conf/mfcc.conf").unlink()
    with pytest.raises(ModelBroken, match=r"fbank\.conf"):
        model_files.sample_rate(model)


@given(st.binary(max_size=120))
def test_any_configuration_gives_a_rate_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("model")
    (folder / "conf").mkdir()
    (folder / "conf/mfcc.conf").write_bytes(b"--sample-frequency=" + content)
    try:
        rate = model_files.sample_rate(folder)
    except ModelBroken:
        return
    assert rate in model_files.SAMPLE_RATES


def test_the_card_describes_the_model(model: Path) -> None:
    (model / "model.json").write_text(json.dumps({"description": "窄带\n普通话 \u001b[31m模型"}))
    (model / "README").write_text("other")
    assert model_files.description(model) == "窄带 普通话 [31m模型"


def test_the_readme_describes_a_model_without_a_card(model: Path) -> None:
    (model / "README.md").write_text("\n\n# Chinese Vosk model for telephony\nmore\n")
    assert model_files.description(model) == "Chinese Vosk model for telephony"


@pytest.mark.parametrize("card", ["{", "[]", '{"description": 5}', "null", "\xff"])
def test_a_broken_card_is_passed_over(model: Path, card: str) -> None:
    (model / "model.json").write_text(card, encoding="latin-1")
    assert model_files.description(model) == ""
    (model / "README").write_text("plain")
    assert model_files.description(model) == "plain"


def test_the_text_that_came_with_a_model(model: Path) -> None:
    assert model_files.card(model) is None
    (model / "README").mkdir()
    assert model_files.card(model) is None
    (model / "README.md").write_text("# A model\n")
    assert model_files.card(model) == model / "README.md"


def test_a_long_description_is_cut(model: Path) -> None:
    (model / "README").write_text("很长" * 500)
    assert len(model_files.description(model)) == 200


def test_sizes_are_added_up(model: Path) -> None:
    (model / "am/final.mdl").write_bytes(b"x" * 1000)
    assert model_files.size_bytes(model) == 1000 + 4 * len("x\n")
