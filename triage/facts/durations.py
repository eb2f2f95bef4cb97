"""Lengths of time as they are spoken: 三天前, 半个小时, 一个半小时以前, 停了两个多月."""

from __future__ import annotations

import re
from datetime import datetime

from triage.facts.fact import Kind
from triage.facts.found import Found
from triage.facts.moment import Span, ago
from triage.facts.numerals import DIGITS, amount, spoken
from triage.facts.reading import Reading

_LASTED = re.compile(
    f"(?P<count>[{DIGITS}十百几好]{{1,5}}|半)(?P<half>个半|个多|个来|多|来)?个?"
    "(?P<unit>秒钟?|分钟|刻钟|小时|钟头|天|星期|礼拜|周|年(?!级|.班)|月)(?P<more>多|半)?(?P<rel>以前|之前|前|以后|之后|后|以内|之内)?"
)
_UNITS = {"秒钟": "秒", "钟头": "小时", "礼拜": "星期", "周": "星期"}
_LARGE = 100  # of a unit; 二零二六年 is a date and 三百天 hardly a thing one counts on the telephone
_RELATIONS = {"以前": "前", "之前": "前", "以后": "后", "之后": "后", "之内": "以内"}


def find_durations(reading: Reading, now: datetime | None) -> list[Found]:
    """Find lengths of time; with `now` an exact 三天前 is written as the time it names."""
    found = ((match, _span(match)) for match in _LASTED.finditer(reading.letters))
    return [Found(Kind.TIME, match.start(), match.end(), ago(span, now)) for match, span in found if span]


def _span(match: re.Match[str]) -> Span | None:
    """Read a length of time: 三天前, 半个小时, 一个半小时以前, 两个多月."""
    said, unit = match["count"], match["unit"]
    single = "个" in match[0][len(said) :]
    if single != (unit == "月") and unit in ("月", "年", "天", "周"):
        return None
    half = said == "半" or match["half"] == "个半" or match["more"] == "半"
    more = "多" in (match["half"] or "") or match["more"] == "多"
    shown, count = "半", 0
    if said != "半":
        count_said = amount(said)
        if count_said is None:
            return None
        exact = count_said.isdigit()
        count = int(count_said) if exact else -1
        if not count or count >= _LARGE:
            return None
        shown = spoken(count) if exact else said
    unit = _UNITS.get(unit, unit)
    if (count, unit, match["rel"], more, half) == (1, "天", None, False, False):
        return None  # 有一天, 祝你一天愉快
    between = "个" if unit in ("月", "星期") else ""
    if half and said != "半":
        between = "个半"
    elif more:
        between = "多" if unit in ("天", "年", "分钟", "秒") else "个多"
    relation = _RELATIONS.get(match["rel"], match["rel"] or "")
    exact_count = None if more or count < 0 else count + (0.5 if half else 0)
    return Span(f"{shown}{between}{unit}{relation}", exact_count, unit, relation)
