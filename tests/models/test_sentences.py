from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recipe.errors import TemplateError
from models.recipe.sentences import TEXT, ReadAloud, Sentences, read_lists, read_themes
from models.recipe.units import syllables
from models.recipe.words import cut, is_chinese

_FILES = ("police.txt", "livelihood.txt", "everyday.txt", "talk.txt")
# What a caller of 110 or 12345 may speak of; the model must have heard of all of it.
_MUST_BE_HEARD = (
    *(
        "抢劫",
        "刀",
        "着火",
        "跳楼",
        "水管",
        "爆裂",
        "停水",
        "停电",
        "燃气",
        "路灯",
        "井盖",
        "工资",
        "拖欠",
        "物业",
    ),
    *(
        "电梯",
        "噪音",
        "施工",
        "垃圾",
        "下水道",
        "暖气",
        "救命",
        "转人工",
        "家暴",
        "诈骗",
        "小偷",
        "走丢",
        "车祸",
    ),
    *(
        "社保",
        "幼儿园",
        "停车",
        "流浪狗",
        "赌博",
        "威胁",
        "跟踪",
        "喝醉",
        "救护车",
        "煤气",
        "发票",
        "退款",
        "污水",
    ),
)


@pytest.mark.parametrize("name", _FILES)
def test_every_slot_of_every_template_has_a_list(name: str) -> None:
    lists = read_lists(TEXT / "slots.txt")
    templates = [template for theme in read_themes(TEXT / name).values() for template in theme]
    assert templates
    assert {slot for template in templates for slot in template.slots()} <= set(lists)


def test_lists_name_only_lists() -> None:
    lists = read_lists(TEXT / "slots.txt")
    assert {slot for choices in lists.values() for choice in choices for slot in choice.slots()} <= set(lists)


@pytest.mark.parametrize("name", _FILES)
def test_every_template_can_be_spoken(name: str, rng: Random) -> None:
    lists = read_lists(TEXT / "slots.txt")
    for theme in read_themes(TEXT / name).values():
        for template in theme:
            for _ in range(3):
                text = template.write(lists, rng).replace("，", "")
                assert text == "" or is_chinese(text), text
                assert all(syllables(word) for word in cut(text)), text


@given(st.integers())
def test_a_sentence_has_clauses_and_each_has_words(seed: int) -> None:
    clauses = _source(seed).write()
    assert clauses
    assert all(clause and "，" not in clause for clause in clauses)


def _source(seed: int) -> Sentences:
    return Sentences(Random(seed))


def test_the_same_seed_gives_the_same_sentences() -> None:
    one, other = Sentences(Random(5)), Sentences(Random(5))
    assert [one.write() for _ in range(50)] == [other.write() for _ in range(50)]


def test_everything_a_caller_may_speak_of_is_heard() -> None:
    source = Sentences(Random(11))
    text = "\n".join("".join(source.write()) for _ in range(12_000))
    assert [word for word in _MUST_BE_HEARD if word not in text] == []


def test_sentences_rarely_repeat() -> None:
    source = Sentences(Random(2))
    counts = Counter(source.write() for _ in range(3000))
    longer = [clauses for clauses in counts if sum(map(len, clauses)) >= 12]
    assert len(longer) > 1500
    assert max(counts[clauses] for clauses in longer) <= 3


def test_greetings_places_and_calls_for_help_all_occur() -> None:
    source = Sentences(Random(4))
    joined = ["，".join(source.write()) for _ in range(500)]
    assert sum("你好" in text for text in joined) > 20
    assert sum("路" in text for text in joined) > 50
    assert sum(text.endswith(("快来", "谢谢", "怎么办啊", "我很害怕", "没人管")) for text in joined) > 3


def test_comments_and_empty_lines_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "themes.txt"
    path.write_text("# about\n\n= fire\n着火了\n\n# more\n(冒烟|起火)了\n", encoding="utf-8")
    assert [len(theme) for theme in read_themes(path).values()] == [2]


@pytest.mark.parametrize(
    ("text", "where"),
    [("着火了\n", "themes.txt:1: a template before"), ("= fire\n\n(着火\n", "themes.txt:3: .*never closed")],
)
def test_a_broken_theme_file_is_named_with_its_line(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "themes.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TemplateError, match=where):
        read_themes(path)


@pytest.mark.parametrize("line", ["thing", "thing:", "thing:   "])
def test_a_list_without_choices_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "slots.txt"
    path.write_text(f"# lists\n{line}\n", encoding="utf-8")
    with pytest.raises(TemplateError, match=r"slots.txt:2: write"):
        read_lists(path)


def test_a_broken_choice_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "slots.txt"
    path.write_text("a: 甲 (乙\n", encoding="utf-8")
    with pytest.raises(TemplateError, match=r"slots.txt:1"):
        read_lists(path)


def test_what_is_read_aloud_can_be_spoken() -> None:
    wider = ReadAloud(Random(1))
    for _ in range(300):
        for clause in wider.write():
            assert syllables(clause), clause
