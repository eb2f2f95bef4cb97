"""Times as people write them on a command line: `2026-11-01`, `2026-11-01T08:30`, or `7d` for seven days ago."""

import re
from datetime import UTC, datetime, timedelta

import click

_AGO = re.compile(r"(\d{1,6})([dhm])", re.ASCII)
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


class When(click.ParamType[datetime]):
    """An option's value that is a time; without a zone it is this machine's local time. The result is UTC."""

    name = "时间"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the text; anything else is an error that shows how to write it."""
        if isinstance(value, datetime):
            return value
        try:
            return when(str(value))
        except (ValueError, OverflowError):
            self.fail(
                f"“{value}”不是时间：写 2026-11-01、2026-11-01T08:30，或 7d、12h、30m（多久以前）", param, ctx
            )


def when(text: str, now: datetime | None = None) -> datetime:
    """Read a time. Raises ValueError or OverflowError for what is none."""
    if ago := _AGO.fullmatch(text.strip()):
        return (now or datetime.now(UTC)) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    return datetime.fromisoformat(text.strip()).astimezone(UTC)
