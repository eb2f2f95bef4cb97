from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import Style, lazy_pinyin

from tests.triage.shipped import engine
from triage.sounds import SoundTable, confusion_class, syllables

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=12)


@pytest.fixture(scope="module")
def table() -> SoundTable:
    return SoundTable()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("zhang", "zan"), ("chi", "ci"), ("shi", "si"), ("na", "la"), ("fu", "hu"),
        ("qiang", "qian"), ("deng", "den"), ("xing", "xin"), ("guang", "guan"), ("nv", "lv"),
    ],
)  # fmt: skip
def test_confusable_syllables_share_a_class(one: str, other: str) -> None:
    assert confusion_class(one) == confusion_class(other)


@pytest.mark.parametrize(
    ("one", "other"), [("ba", "pa"), ("di", "ti"), ("an", "en"), ("jie", "qie"), ("dong", "don")]
)
def test_other_syllables_do_not(one: str, other: str) -> None:
    assert confusion_class(one) != confusion_class(other)


def test_a_phrase_is_read_as_a_phrase() -> None:
    assert syllables("还钱") == ("huan", "qian")
    assert syllables("银行") == ("yin", "hang")
    assert syllables("") == ()


def test_foreign_letters_have_no_syllable() -> None:
    assert syllables("k粉") == ("", "fen")
    assert syllables("119") == ("", "", "")


def test_homophones_are_written_alike(table: SoundTable) -> None:
    assert table.write("抢劫") == table.write("强节")
    assert table.write("着火") != table.write("喝水")


def test_a_foreign_phrase_is_not_written(table: SoundTable) -> None:
    assert table.write_syllables(syllables("k粉")) is None
    assert table.write_syllables(syllables("抢劫")) == table.write("抢劫")


def test_heard_gives_the_commonest_reading(table: SoundTable) -> None:
    assert table.heard("女绿a，") == ("nv", "lv", "", "")


@given(HAN)
def test_one_symbol_a_character(text: str) -> None:
    table = _TABLE
    assert len(table.write(text)) == len(text) == len(table.heard(text))


@given(st.text(st.characters(codec=None), max_size=30))
def test_written_sounds_never_look_like_text(text: str) -> None:
    assert all(symbol == "\0" or "\ue000" <= symbol <= "\uf8ff" for symbol in _TABLE.write(text))


_TABLE = SoundTable()


def test_the_short_way_reads_as_pypinyin_does() -> None:
    phrases = [p for p in engine().phrases() if all("\u4e00" <= char <= "\u9fff" for char in p)]
    assert len(phrases) > 10_000
    other = [p for p in phrases[::3] if syllables(p) != tuple(lazy_pinyin(p, style=Style.NORMAL))]
    assert other == []
