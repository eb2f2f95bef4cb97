"""Past decisions, read from the event feed: what was said, how sure the recogniser was, what was decided."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.events import EventKind, FeedEvent, life_order
from records.feed import FEED_COLUMNS
from records.tables import EventRow


@dataclass(frozen=True, slots=True)
class PastDecision:
    """One decision on one call, with what it was made from."""

    seq: int
    """Its number in the feed."""
    call_id: str
    at: datetime
    text: str
    confidence: float
    """The recogniser's, of the finished utterances before, weighted by length, 0..1; 1 where there is none."""
    route: str
    category: str | None
    priority: int | None
    lexicon_version: str | None
    alternatives: tuple[tuple[str, float], ...] = ()
    """Other readings of the text that were looked at, each with its share, 0..1."""


def read_decisions(
    session: Session, since: datetime | None, until: datetime | None, after: int, limit: int
) -> list[PastDecision]:
    """Up to `limit` decisions taken in [since, until) and numbered above `after`, by number."""
    query = select(*FEED_COLUMNS).where(EventRow.kind == EventKind.DECIDED.value, EventRow.seq > after)
    if since is not None:
        query = query.where(EventRow.at >= since)
    if until is not None:
        query = query.where(EventRow.at < until)
    decided = [FeedEvent(*row) for row in session.execute(query.order_by(EventRow.seq).limit(limit))]
    heard = _heard(session, [event.call_id for event in decided])
    return [_decision(event, heard[event.call_id]) for event in decided]


def _heard(session: Session, call_ids: Sequence[str]) -> Mapping[str, list[FeedEvent]]:
    by_call: dict[str, list[FeedEvent]] = defaultdict(list)
    query = select(*FEED_COLUMNS).where(
        EventRow.kind == EventKind.HEARD.value, EventRow.call_id.in_(set(call_ids))
    )
    for row in session.execute(query):
        event = FeedEvent(*row)
        by_call[event.call_id].append(event)
    return by_call


def _decision(event: FeedEvent, heard: Iterable[FeedEvent]) -> PastDecision:
    data = event.data
    priority = data.get("priority")
    return PastDecision(
        seq=event.seq,
        call_id=event.call_id,
        at=event.at,
        text=str(data.get("text") or ""),
        confidence=_confidence(said for said in heard if life_order(said) < life_order(event)),
        route=str(data.get("route")),
        category=_text(data.get("category")),
        priority=priority if isinstance(priority, int) and not isinstance(priority, bool) else None,
        lexicon_version=_text(data.get("lexicon_version")),
        alternatives=tuple(_alternatives(data.get("alternatives"))),
    )


def _confidence(heard: Iterable[FeedEvent]) -> float:
    """What the dialogue decided with: the decision's own `confidence` says how sure triage was, not the ears."""
    total = characters = 0.0
    for event in heard:
        confidence, text = event.data.get("confidence"), event.data.get("text")
        if (
            event.data.get("is_final") is True
            and isinstance(confidence, int | float)
            and isinstance(text, str)
        ):
            total += confidence * len(text)
            characters += len(text)
    return round(min(1.0, max(0.0, total / characters)), 4) if characters else 1.0


def _alternatives(listed: object) -> Iterator[tuple[str, float]]:
    for other in listed if isinstance(listed, list) else ():
        match other:
            case [str(text), int() | float() as share]:
                yield text, float(share)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
