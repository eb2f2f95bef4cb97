"""A time that was said, in its normal form and, given a reference, in the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

_AFTERNOON = frozenset({"下午", "傍晚", "晚上", "夜里", "半夜", "深夜"})
_NIGHT = frozenset({"晚上", "夜里", "半夜", "深夜"})
_MORNING = frozenset({"凌晨", "清晨", "早上", "上午"})
_SMALL_HOURS = 5  # until then 晚上, 夜里 and 半夜 may mean the night after
_DAY_OFFSET = {"大前天": -3, "前天": -2, "昨天": -1, "今天": 0, "明天": 1, "后天": 2, "大后天": 3}
_YEAR_OFFSET = {"前年": -2, "去年": -1, "今年": 0, "明年": 1}
_MONTH_OFFSET = {"上月": -1, "本月": 0, "下月": 1}
_WEEK_OFFSET = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1}
_WEEKDAYS = "一二三四五六日"
_AHEAD = 60  # days; a date without a year is the last one, or one that comes so soon


@dataclass(frozen=True, slots=True)
class Moment:
    """The parts of a time as said; what was not said is empty."""

    start: int
    end: int
    year: str = ""
    month: str = ""
    day_of_month: int = 0
    day: str = ""
    week: str = ""
    part: str = ""
    hour: int | None = None
    minute: int = 0
    hours: str = ""
    """A range of hours, such as `7-8`; `hour` is then its first."""
    loose: bool = False

    @property
    def empty(self) -> bool:
        """Nothing was said."""
        return (
            not (self.year or self.month or self.day_of_month or self.day or self.week or self.part)
            and self.hour is None
        )

    @property
    def settled_clock(self) -> bool:
        """An hour was said."""
        return self.hour is not None

    def clock(self) -> str:
        """Return `15:00` where the words say which half of the day, else `3点`; empty where no hour was said."""
        if self.hour is None:
            return ""
        about = "左右" if self.loose and not self.hours else ""
        hour = _hour_of_day(self.hour, self.part)
        if self.hours:
            return f"{self.hours}点"
        if hour is None:
            half = "半" if self.minute == 30 else f"{self.minute:02d}分" if self.minute else ""
            return f"{self.hour}点{half}{about}"
        return f"{hour:02d}:{self.minute:02d}{about}"

    def normal(self) -> str:
        """Write it in words, the clock in digits: `昨天 15:00`."""
        dated = self.year + self.month + (f"{self.day_of_month}日" if self.day_of_month else "")
        clock = self.clock()
        shows_half = ":" in clock and not (self.part in _NIGHT and self.after_midnight)
        return " ".join(filter(None, (dated, self.day, self.week, "" if shows_half else self.part, clock)))

    @property
    def after_midnight(self) -> bool:
        """An hour of the night that may already belong to the next day: 晚上一点."""
        return self.hour is not None and (self.hour <= _SMALL_HOURS or self.hour in (12, 24))

    def calendar_day(self, now: datetime) -> date | None:
        """Return the day that the words name, seen from `now`; None where they leave it open."""
        today = now.date()
        if self.day:
            offset = _DAY_OFFSET.get(self.day)
            return None if offset is None else today + timedelta(days=offset)
        if self.week:
            head, _, name = self.week.partition("周")
            if head not in _WEEK_OFFSET or name not in _WEEKDAYS:
                return None
            monday = today - timedelta(days=today.weekday())
            return monday + timedelta(weeks=_WEEK_OFFSET[head], days=_WEEKDAYS.index(name))
        if self.day_of_month:
            return self._dated(today)
        return None

    def _dated(self, today: date) -> date | None:
        offset = _YEAR_OFFSET.get(self.year)
        year = today.year + offset if offset is not None else int(self.year[:-1]) if self.year else today.year
        if self.month in _MONTH_OFFSET:
            months = today.year * 12 + today.month - 1 + _MONTH_OFFSET[self.month]
            year, month = divmod(months, 12)
            return _day(year, month + 1, self.day_of_month)
        if not self.month:
            return (
                _day(today.year, today.month, self.day_of_month) if self.day_of_month <= today.day else None
            )
        years = (year,) if self.year else (year + 1, year, year - 1)
        days = (_day(year, int(self.month[:-1]), self.day_of_month) for year in years)
        return next((day for day in days if day and (self.year or (day - today).days <= _AHEAD)), None)


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as said."""

    words: str
    """Its normal form: `三天前`."""
    count: float | None
    """How many units; None where that is vague."""
    unit: str
    relation: str
    """`前`, `后`, `以内` or nothing."""


def absolute(moment: Moment, now: datetime | None) -> str:
    """Write a moment: `2026-11-21T15:00`, `2026-11-21`, `2026-11-21 晚上` as far as its words and `now` settle it."""
    day = moment.calendar_day(now) if now else None
    if day is None:
        return moment.normal()
    if moment.hour is None:
        return f"{day.isoformat()} {moment.part}".strip()
    hour = _hour_of_day(moment.hour, moment.part)
    if hour is None or moment.hours or (moment.part in _NIGHT and moment.after_midnight):
        return " ".join(filter(None, (day.isoformat(), moment.part, moment.clock())))
    about = "左右" if moment.loose else ""
    if hour == 24:
        day, hour = day + timedelta(days=1), 0
    return f"{day.isoformat()}T{hour:02d}:{moment.minute:02d}{about}"


def ago(span: Span, now: datetime | None) -> str:
    """Write a length of time; with `now`, an exact `…前` becomes the time it names."""
    if not now or span.relation != "前" or span.count is None:
        return span.words
    step = {"秒": 1 / 60, "分钟": 1.0, "刻钟": 15.0, "小时": 60.0}.get(span.unit)
    if step:
        return (now - timedelta(minutes=span.count * step)).strftime("%Y-%m-%dT%H:%M")
    days = {"天": 1, "星期": 7}.get(span.unit)
    if days and span.count % 1 == 0:
        return (now.date() - timedelta(days=int(span.count) * days)).isoformat()
    if span.unit == "月" and span.count % 1 == 0:
        year, month = divmod(now.year * 12 + now.month - 1 - int(span.count), 12)
        return f"{year:04d}-{month + 1:02d}"
    if span.unit == "年" and span.count % 1 == 0:
        return f"{now.year - int(span.count):04d}"
    return span.words


def _hour_of_day(hour: int, part: str) -> int | None:
    """Return the hour 0..24, or None where the words do not say which half of the day."""
    if hour > 12 or (hour == 0 and not part):
        return hour
    if part in _MORNING:
        return 0 if hour == 12 and part == "凌晨" else hour
    if part == "中午":
        return hour + 12 if hour < 5 else hour
    if part in _NIGHT and hour <= _SMALL_HOURS:
        return hour
    if part in _AFTERNOON:
        return 24 if hour == 12 and part in _NIGHT else hour + 12 if hour < 12 else hour
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:  # 二月三十号: said, yet no day of the calendar
        return None
