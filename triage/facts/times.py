"""Times as they are spoken: 昨天下午三点半, 上周五, 十一月二十二号, 半个小时前, 刚才, 停了三天.

What the words leave open stays open: 三点 alone may be night or day and is not made into one of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from triage.facts.durations import find_durations
from triage.facts.fact import Kind
from triage.facts.found import Found, apart
from triage.facts.moment import Moment, absolute
from triage.facts.numerals import DIGIT, DIGITS, amount, digits, value
from triage.facts.reading import Reading


def _synonyms(table: str) -> dict[str, str]:
    """Read `normal: said said | normal: said` as said → normal."""
    rows = (row.split(":") for row in table.split("|"))
    return {said: normal.strip() for normal, names in rows for said in names.split()}


_N = f"[{DIGITS}十]"
_DAY_NAMES = _synonyms("今天: 今日 今儿 | 昨天: 昨日 昨儿 | 前天: 前日 | 明天: 明日 | 每天: 天天 每日")
_JOINED = _synonyms(
    "今天早上: 今早 今晨 | 今天晚上: 今晚 | 今天夜里: 今夜 | 昨天早上: 昨早 | 昨天晚上: 昨晚 | 昨天夜里: 昨夜"
    " | 前天晚上: 前晚 | 明天早上: 明早 | 明天晚上: 明晚 | 每天晚上: 每晚 | 当天晚上: 当晚"
)
_PART_NAMES = _synonyms(
    "早上: 大清早 一大早 大早上 早晨 清早 一早 早 | 中午: 大中午 正午 | 下午: 午后 | 夜里: 夜间 | 傍晚: 黄昏"
    " | 半夜: 三更半夜 大半夜 后半夜 | 晚上: 大晚上 夜晚 晚"
)
_DAYS = "大前天|大后天|前天|昨天|今天|明天|后天|当天|每天|" + "|".join(_DAY_NAMES)
_PARTS = "凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|夜里|半夜|深夜|" + "|".join(
    name for name in _PART_NAMES if len(name) > 1
)
_WHEN = re.compile(
    f"(?:(?P<year>去年|今年|前年|明年|[{DIGITS}]{{4}}年|[{DIGITS}]{{2}}年(?={_N}{{1,3}}月))的?)?"
    f"(?:(?P<month>上个?月|这个月|本月|下个?月|{_N}{{1,3}}月份?)的?)?"
    f"(?P<date>{_N}{{1,3}}[号日])?"
    f"(?:(?P<joined>{'|'.join(_JOINED)})|(?:(?P<day>{_DAYS})的?)?"
    "(?:(?P<week>(?:上上|上|这|本|下)?个?(?:星期|礼拜|周)[一二三四五六日天末])的?)?"
    f"(?P<part>{_PARTS}|[晚早](?={_N}{{1,3}}点))?)"
    f"(?P<clock>(?:差(?P<lack>{_N}{{1,2}})分钟?)?(?P<hour>{_N}{{1,3}})(?:点钟?|(?<=[^小])时(?![候间常刻代段期速长装]))"
    f"(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<minute>[零〇]?{_N}{{1,3}})(?P<said>分)?(?!{_N}))?(?P<loose>整|多|左右|来钟|许|前后)?)?"
)
_STARTS = re.compile(f"[{DIGITS}十去今前明上这本下大后昨当每天凌清早中傍晚夜半深正午三一黄星礼周差]")
_VAGUE = re.compile(
    "刚刚才|刚才|刚刚|方才|这会儿|现在|目前|眼下|最近|前几天|前两天|前些天|前些日子|前阵子|前一阵|前段时间|这几天|这两天|这段时间|好几天|好久|很久|"
    "一整天|一整夜|一上午|一下午|一晚上|整天|整夜|一直到现在|刚开始|国庆|春节|过年|除夕|中秋|元旦|周末|元宵|端午|清明"
)
_DAY_HOURS = 24
_MEASURED = re.compile("公里|千米|米|万|元|块|度|倍|平方|平|吨|斤|个|公分|厘米")
_LISTED = re.compile("要求|建议|意见|原因|问题|理由|水|钱|事|看法|诉求|个|以上")
_NUMERALS = frozenset([*DIGIT, "十"])  # a time does not begin in the middle of a number
_ADDRESSED = "路街道巷弄村区园苑栋幢楼元组"


def find_times(reading: Reading, now: datetime | None = None) -> list[Found]:
    """Find all times; with `now` those that the words settle are written absolutely (2026-11-22T14:30)."""
    letters = reading.letters
    found: list[Found] = []
    at = 0
    while start := _STARTS.search(letters, at):
        first = start.start()
        within = first and letters[first] in _NUMERALS and letters[first - 1] in _NUMERALS
        match = None if within else _WHEN.match(letters, first)
        moment = _moment(letters, match) if match and match.end() > match.start() else None
        if moment:
            found.append(Found(Kind.TIME, moment.start, moment.end, absolute(moment, now)))
            at = moment.end
        else:
            at = start.end()
    found += find_durations(reading, now)
    found += [Found(Kind.TIME, m.start(), m.end(), m[0]) for m in _VAGUE.finditer(letters)]
    return apart(found)


def _moment(letters: str, match: re.Match[str]) -> Moment | None:
    """Read a match of `_WHEN`; None when its words are no time after all."""
    day, part = _day_and_part(match)
    said = Moment(match.start(), match.end(), day=day, part=part, week=_week(match["week"] or ""))
    clock = _clock(letters, match, prefixed=match.start("clock") > match.start())
    if match["clock"]:
        if clock is None:
            said = replace(said, end=match.start("clock"))
        else:
            said = replace(said, end=clock.end, hour=clock.hour, minute=clock.minute)
            said = replace(said, hours=clock.hours, loose=clock.loose)
    dated = _dated(letters, match, followed=bool(said.day or said.week or said.part or said.settled_clock))
    if dated is None:
        return None
    end = said.end - 1 if letters[said.end - 1] == "的" else said.end
    said = replace(
        said, year=dated.year, month=dated.month, day_of_month=dated.date, start=dated.start, end=end
    )
    bare_year = match["year"] and not (said.month or said.day_of_month or said.part or said.week or said.day)
    if said.end <= said.start or said.empty or (bare_year and len(match["year"]) > len("去年")):
        return None
    return said


def _week(said: str) -> str:
    """Write a day of the week in one way: 上个星期天 is 上周日."""
    for name in ("礼拜", "星期"):
        said = said.replace(name, "周")
    return said.replace("个", "").replace("周天", "周日")


def _day_and_part(match: re.Match[str]) -> tuple[str, str]:
    if joined := match["joined"]:
        whole = _JOINED[joined]
        return whole[:2], whole[2:]
    day, part = match["day"] or "", match["part"] or ""
    return _DAY_NAMES.get(day, day), _PART_NAMES.get(part, part)


@dataclass(frozen=True, slots=True)
class _Dated:
    year: str
    month: str
    date: int
    start: int


def _dated(letters: str, match: re.Match[str], *, followed: bool) -> _Dated | None:
    """Read year, month and day of the month; a lone N号 is a date only where the time goes on behind it."""
    year, month, date = match["year"] or "", match["month"] or "", match["date"]
    start = match.start()
    number = value(date[:-1]) if date else 0
    if date and (not number or number > 31):
        return None
    if month and month[0] not in "上这本下":
        count = value(month.removesuffix("份").removesuffix("月"))
        if not count or count > 12:
            return None
        month = f"{count}月"
    month = month.replace("个", "")
    month = "本月" if month == "这月" else month
    if date and not month and (not followed or (start and letters[start - 1] in _ADDRESSED)):
        if match.end("date") >= match.end() or not followed:
            return None
        start, number = match.end("date"), 0
    if year and year[0] not in "去今前明":
        read = digits(year[:-1]) or ""
        year = (read if len(read) > 2 else "20" + read) + "年"
        if not "1900" <= year < "2100":
            return None
    return _Dated(year, month, number or 0, start)


@dataclass(frozen=True, slots=True)
class _Clock:
    hour: int
    minute: int
    hours: str
    loose: bool
    end: int


def _clock(letters: str, match: re.Match[str], *, prefixed: bool) -> _Clock | None:
    """Read the hour and minute; None where 点 means a point or a little (三点五公里, 一点, 两点意见)."""
    if not match["clock"]:
        return None
    low, dash, high = (amount(match["hour"]) or "").partition("-")
    loose = match["loose"] in ("多", "左右", "来钟", "许", "前后")
    settled = any(
        (prefixed, match["half"], match["quarter"], match["loose"], match["lack"], "钟" in match["clock"])
    )
    minute, end = _minute(letters, match)
    if minute is None:
        if not prefixed:
            return None
        minute = 0
    settled = settled or bool(match["minute"])
    if not low.isdigit() or (not settled and (low == "1" or _LISTED.match(letters, end))):
        return None
    hour = int(low)
    if int(high or low) > _DAY_HOURS:
        return None
    if dash:
        return _Clock(hour, 0, f"{low}-{high}", loose=True, end=end)
    if match["lack"]:
        hour, minute = (hour - 1) % _DAY_HOURS, 60 - minute
    return _Clock(hour, minute % 60 if hour < _DAY_HOURS else 0, "", loose=loose, end=end)


def _minute(letters: str, match: re.Match[str]) -> tuple[int | None, int]:
    """Read the minutes and where they end; None where a number stands there that is none (三点五)."""
    end = match.end("clock")
    if match["half"]:
        return 30, end
    if match["quarter"]:
        return (45 if match["quarter"] == "三" else 15), end
    if match["lack"]:
        return value(match["lack"]) or 0, end
    written = match["minute"]
    if written is None:
        return 0, end
    minute = value(written)
    said = match["said"] or (len(written) > 1 and not _MEASURED.match(letters, end))
    if not said or minute is None or minute >= 60:
        return None, match.start("minute")
    return minute, end
