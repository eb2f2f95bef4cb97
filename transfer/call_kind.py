"""What a call was, in one word, as the next person who takes a call from that number wants to know it.

Read from the data of a decision (`call.decided`, or the call's record), so that a call means the same whether we saw
it ourselves or found it in the database. The matter comes before the manner: a call that named an emergency is one,
however foul its language and however many calls came before.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from records.call_record import CallRecord
from records.events import JsonValue

_NO_MATTER = frozenset({"silent", "unclear", "handover"})
"""Categories of triage that name no matter."""
_NOT_HEARD = frozenset({"key", "shed", "fault"})
"""Reasons of a decision that say nothing about the caller: a key was pressed, or we did not listen."""


class CallKind(StrEnum):
    """The kinds, in the order in which they are told."""

    EMERGENCY = "emergency"
    LIVELIHOOD = "livelihood"
    SILENT = "silent"
    VOID = "void"
    """Hung up without a word, or said nothing that fits any matter."""
    ABUSIVE = "abusive"
    """Insulted whoever answers, and named no matter."""
    OTHER = "other"
    """Nothing is known of it: asked for a person, pressed a key, was not listened to, or is still being listened to."""


LABELS: Mapping[CallKind, str] = MappingProxyType(
    {
        CallKind.EMERGENCY: "警情",
        CallKind.LIVELIHOOD: "民生",
        CallKind.SILENT: "无声",
        CallKind.VOID: "未说清",
        CallKind.ABUSIVE: "辱骂",
        CallKind.OTHER: "其他",
    }
)
"""What people see."""


def kind_of(decided: Mapping[str, JsonValue]) -> CallKind:
    """The kind of a call, from the data of its decision; any data, nothing is raised. In doubt it is no nuisance."""
    flags, category = decided.get("flags"), decided.get("category")
    flagged = frozenset(map(str, flags)) if isinstance(flags, list | tuple) else frozenset()
    if not isinstance(category, str):
        return CallKind.OTHER
    if decided.get("route") == "minsheng":
        return CallKind.LIVELIHOOD
    if category not in _NO_MATTER or "danger_confirmed" in flagged:
        return CallKind.EMERGENCY
    if "abusive" in flagged:
        return CallKind.ABUSIVE
    if _found(decided.get("evidence")):  # of no police matter, or it would be named
        return CallKind.LIVELIHOOD
    return _kind_of_nothing(category, str(decided.get("reason")), said=bool(decided.get("text")))


def _found(evidence: JsonValue) -> bool:
    """Tell whether the words themselves are evidence: what stands in another reading of them was perhaps never said."""
    listed = evidence if isinstance(evidence, list | tuple) else ()
    return any(not (isinstance(found, Mapping) and found.get("alternative")) for found in listed)


def _kind_of_nothing(category: str, reason: str, *, said: bool) -> CallKind:
    """Of a call that named no matter."""
    if category == "handover" or reason in _NOT_HEARD:
        return CallKind.OTHER
    spoke = said or category == "unclear"  # if only what nobody understood
    return CallKind.VOID if spoke or reason == "hung_up" else CallKind.SILENT


def kind_of_record(record: CallRecord) -> CallKind:
    """The same from a call's record."""
    return kind_of(
        {
            "route": record.route,
            "category": record.category,
            "flags": record.flags,
            "evidence": record.evidence,
            "text": record.decided_text,
            "reason": record.reason,
        }
    )
