"""What the bundled model's card says is what its files say."""

import dataclasses
import json
import re
import struct
from pathlib import Path
from typing import Any

import pytest

from models.recipe.heldout import HELD_OUT_VOICES
from models.recipe.lexicon import UNKNOWN
from models.recipe.model_conf import write_conf
from models.recipe.phones import TRANSITIONS, word_boundaries
from models.recipe.size import SIZES
from models.recipe.units import PDFS, syllables
from models.recipe.words import cut

_BUNDLED = Path(__file__).parents[2] / "models" / "bundled"


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((_BUNDLED / "model.json").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def readme() -> str:
    return (_BUNDLED / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def words() -> dict[str, int]:
    lines = (_BUNDLED / "graph" / "words.txt").read_text(encoding="utf-8").splitlines()
    return {word: int(number) for word, number in (line.split() for line in lines)}


def test_the_figures_in_the_readme_are_the_measured_ones(card: dict[str, Any], readme: str) -> None:
    for score in card["scores"]:
        rates = (score["character_error_rate"], score["syllable_error_rate"])
        shown = " | ".join("–" if rate is None else f"{rate:.2%}" for rate in rates)
        right = f"{score['right_sentences']} of {score['sentences']}"
        assert f"| {score['set']} | {right} | {score['characters']} | {shown} |" in readme


def test_the_model_was_made_by_the_recipe_as_it_stands(card: dict[str, Any]) -> None:
    assert card["recipe"] == dataclasses.asdict(SIZES["full"])


def test_the_number_of_words_in_the_readme_is_right(words: dict[str, int], readme: str) -> None:
    found = re.search(r"([\d,]+) words with tones", readme)
    assert found is not None
    assert int(found[1].replace(",", "")) == len(words) - 1  # <eps> is no word


def test_the_number_of_outputs_in_the_readme_is_right(readme: str) -> None:
    assert f"{PDFS} outputs" in readme


def test_the_readme_names_the_voices_that_were_held_out(readme: str) -> None:
    assert " ".join(HELD_OUT_VOICES) in readme


def test_the_error_rates_are_those_promised(card: dict[str, Any]) -> None:
    rates = {score["set"]: score["character_error_rate"] for score in card["scores"]}
    assert rates["domain, held-out voices, clean"] <= 0.02
    assert rates["domain, held-out voices, noisy"] <= 0.05
    assert rates["hand-written, held-out voices, clean"] <= 0.10


def test_the_settings_are_those_of_the_recipe(tmp_path: Path) -> None:
    write_conf(tmp_path)
    for path in tmp_path.iterdir():
        assert (_BUNDLED / "conf" / path.name).read_text() == path.read_text()


def test_the_phones_are_those_of_the_recipe() -> None:
    assert (_BUNDLED / "graph" / "phones" / "word_boundary.int").read_text() == word_boundaries()
    marks = [int(line) for line in (_BUNDLED / "graph" / "disambig_tid.int").read_text().split()]
    assert min(marks) > TRANSITIONS


def test_the_network_has_the_outputs_of_the_recipe() -> None:
    """The priors at the end of the file are one number for every output."""
    content = (_BUNDLED / "am" / "final.mdl").read_bytes()
    at = content.rindex(b"<Priors> FV ") + len(b"<Priors> FV ")
    size, count = struct.unpack_from("<bi", content, at)
    assert (size, count) == (4, PDFS)
    assert len(content) == at + 5 + 4 * PDFS
    priors = struct.unpack_from(f"<{PDFS}f", content, at + 5)
    assert all(0 < prior <= 1 for prior in priors)
    assert sum(prior for prior in priors if prior < 1) == pytest.approx(1, abs=0.01)


def test_every_word_can_be_spoken_and_has_a_number_of_its_own(words: dict[str, int]) -> None:
    assert len(set(words.values())) == len(words)
    assert [word for word in words if word not in {"<eps>", UNKNOWN} and not syllables(word)] == []


@pytest.mark.parametrize(
    "phrase",
    [
        *(
            "抢劫",
            "着火",
            "跳楼",
            "水管爆裂",
            "停水",
            "停电",
            "燃气泄漏",
            "路灯",
            "井盖",
            "拖欠工资",
            "物业",
            "电梯",
        ),
        *(
            "噪音",
            "施工",
            "垃圾",
            "下水道",
            "暖气",
            "救命",
            "转人工",
            "家暴",
            "诈骗",
            "菜刀",
            "绑架",
            "强奸",
            "溺水",
        ),
        *(
            "幺幺零",
            "幺二零",
            "派出所",
            "流浪狗",
            "社保卡",
            "发票",
            "退款",
            "幼儿园",
            "违章建筑",
            "油烟",
            "污水",
        ),
    ],
)
def test_the_words_that_decide_can_be_heard(words: dict[str, int], phrase: str) -> None:
    assert set(cut(phrase)) <= set(words)


def test_no_debris_of_other_encodings_can_be_heard(words: dict[str, int]) -> None:
    assert not set("鐨鍙锛銆紝涓浜") & set(words)
