"""The command line of the records room. Caller numbers are masked unless asked for."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime

import click

from records.call_record import CallRecord
from records.decisions import PastDecision
from records.errors import RecordsError
from records.event_lines import to_json
from records.events import FeedEvent, JsonValue
from records.masking import mask_fields, mask_text
from records.store import Store
from records.when import When

DEFAULT_URL = "sqlite:///var/records.sqlite3"
_PAGE = 500

_url = click.option(
    "--url",
    default=DEFAULT_URL,
    envvar="RECORDS_URL",
    show_default=True,
    help="数据库地址 (也可用环境变量 RECORDS_URL, 口令便不会出现在进程列表中)",
)
_json = click.option("--json", "as_json", is_flag=True, help="每行一个 JSON 对象")
_numbers = click.option("--show-numbers", is_flag=True, help="显示完整号码 (默认隐去中间几位)")


@click.group(help="通话记录：事件流与每通电话的记录。")
def main() -> None:
    """The group that the commands below hang on."""


@main.command(help="按编号列出事件 (从 N 之后起)。")
@_url
@click.option("--after", default=0, show_default=True, type=click.IntRange(min=0), help="最后已读的编号 N")
@click.option("--limit", default=None, type=click.IntRange(min=1), help="最多列出几条 (默认全部)")
@_json
@_numbers
def feed(url: str, after: int, limit: int | None, as_json: bool, show_numbers: bool) -> None:  # noqa: FBT001 - click passes flags
    """Print the events numbered above `after`."""
    with _store(url) as store:
        for event in _events(store, after, limit):
            shown = _event(event, show_numbers=show_numbers)
            if as_json:
                click.echo(to_json(shown))
            else:
                data = to_json(shown["data"])
                click.echo(
                    _plain(f"{event.seq:>8}  {_time(event.at)}  {event.call_id}  {event.kind:<15}  {data}")
                )


@main.command(help="显示一通电话的记录。")
@click.argument("call_id")
@_url
@_json
@_numbers
def call(call_id: str, url: str, as_json: bool, show_numbers: bool) -> None:  # noqa: FBT001 - click passes flags
    """Print the record of one call; exit status 1 when there is none."""
    with _store(url) as store:
        record = store.call(call_id)
        if record is None:
            click.echo(f"没有这通电话的记录：{_plain(call_id)}", err=True)
            sys.exit(1)
        shown = _record(record, show_numbers=show_numbers)
        if as_json:
            click.echo(to_json(shown))
            return
        for name, value in shown.items():
            if value not in (None, "", []):
                text = value if isinstance(value, str) else to_json(value)
                click.echo(f"{name:<16}{_plain(text)}")


@main.command(help="按先后列出一段时间内的判断：说了什么，判到哪里。")
@_url
@click.option("--since", type=When(), help="从何时起：2026-11-01、2026-11-01T08:30，或 7d、12h、30m 以前")
@click.option("--until", type=When(), help="到何时止 (不含)，写法同上")
@_json
@_numbers
def calls(
    url: str,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,  # noqa: FBT001 - click passes flags
    show_numbers: bool,  # noqa: FBT001
) -> None:
    """Print the decisions of a time, as `python -m triage replay` reads them."""
    with _store(url) as store:
        for decision in _decisions(store, since, until):
            shown = _decision(decision, show_numbers=show_numbers)
            if as_json:
                click.echo(to_json(shown))
            else:
                words = [decision.route, decision.category or "-", str(decision.priority or "-")]
                line = "  ".join([_time(decision.at), decision.call_id, *words, str(shown["text"])])
                click.echo(_plain(line))


@main.command(help="建立数据表，或升级到本版本 (可重复执行)。")
@_url
def upgrade(url: str) -> None:
    """Build the tables or bring them to this version."""
    with _store(url) as store:
        store.upgrade()
    click.echo("数据表已是最新。", err=True)


@contextmanager
def _store(url: str) -> Iterator[Store]:
    """The store of `url`; errors of this room become one line and exit status 1."""
    try:
        store = Store(url)
        try:
            yield store
        finally:
            store.close()
    except RecordsError as error:
        click.echo(f"无法读写记录：{error}", err=True)
        sys.exit(1)


def _events(store: Store, after: int, limit: int | None) -> Iterator[FeedEvent]:
    left = limit
    while left is None or left > 0:
        page = store.feed(after, _PAGE if left is None else min(_PAGE, left))
        if not page:
            return
        yield from page
        after = page[-1].seq
        left = None if left is None else left - len(page)


def _decisions(store: Store, since: datetime | None, until: datetime | None) -> Iterator[PastDecision]:
    after = 0
    while page := store.decisions(since, until, after, _PAGE):
        yield from page
        after = page[-1].seq


def _decision(decision: PastDecision, *, show_numbers: bool) -> dict[str, JsonValue]:
    return {
        "call_id": decision.call_id,
        "at": decision.at.isoformat(),
        "text": decision.text if show_numbers else mask_text(decision.text),
        "confidence": decision.confidence,
        "route": decision.route,
        "category": decision.category,
        "priority": decision.priority,
        "lexicon_version": decision.lexicon_version,
        "alternatives": [
            [text if show_numbers else mask_text(text), share] for text, share in decision.alternatives
        ],
    }


def _event(event: FeedEvent, *, show_numbers: bool) -> dict[str, JsonValue]:
    data = event.data if show_numbers else mask_fields(event.data)
    return {
        "seq": event.seq,
        "event_id": event.event_id,
        "call_id": event.call_id,
        "kind": event.kind,
        "at": event.at.isoformat(),
        "data": data,
    }


def _record(record: CallRecord, *, show_numbers: bool) -> Mapping[str, JsonValue]:
    plain: dict[str, JsonValue] = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(record).items()
    }
    ours = {"call_id": record.call_id, "last_event_id": record.last_event_id}
    return plain if show_numbers else {**mask_fields(plain), **ours}


def _time(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _plain(text: str) -> str:
    """Text from the line without control characters: they would steer the terminal."""
    return "".join(character if character.isprintable() else "�" for character in text)
