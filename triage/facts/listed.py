"""Weapons and injuries: what the lists name, with what denies it and, for injuries, the part of the body."""

from __future__ import annotations

from triage.contexts import Shelter
from triage.facts.fact import Kind
from triage.facts.found import Found
from triage.facts.reading import Hit, Reading, longest_apart

_BODY_REACH = 3  # letters between a part of the body and what has become of it: 手被刀 划伤
_VOID_BEFORE = "有是"  # 有没有刀 and 是不是刀 ask, they do not deny


def find_weapons(reading: Reading) -> list[Found]:
    """Find weapons; `value` is the list's name for it, `无` before it where it is denied."""
    denials = _denials(reading)
    return [_found(Kind.WEAPON, hit, denials) for hit in standing(reading, "weapon", "harmless")]


def find_injuries(reading: Reading) -> list[Found]:
    """Find injuries; `value` is the list's name, with the part of the body where one was said: `骨折 腿`."""
    denials = _denials(reading)
    bodies = {hit.end: hit for hit in standing(reading, "body", "no_body")}
    found: list[Found] = []
    after = 0
    for hit in standing(reading, "injury", "harmless"):
        one = _found(Kind.INJURY, hit, denials)
        for end in range(one.start, max(after, one.start - _BODY_REACH) - 1, -1):
            body = bodies.get(end)
            if body and body.start >= after and reading.unbroken(body.start, hit.end):
                one = Found(Kind.INJURY, body.start, one.end, f"{one.value} {body.value}")
                break
        found.append(one)
        after = one.end
    return found


def standing(reading: Reading, name: str, harmless: str) -> list[Hit]:
    """Return the hits of a list, longest first where they overlap, without those inside a harmless context."""
    shelter = Shelter((hit.start, hit.end) for hit in reading.hits.get(harmless, ()))
    return [
        hit for hit in longest_apart(reading.hits.get(name, ())) if not shelter.covers(hit.start, hit.end)
    ]


def _denials(reading: Reading) -> dict[int, int]:
    """Return where each denial begins, by where it ends; one that asks (有没有, 是不是) is none."""
    starts: dict[int, int] = {}
    for hit in reading.hits.get("denial", ()):
        starts[hit.end] = min(hit.start, starts.get(hit.end, hit.start))
    return {
        end: start
        for end, start in starts.items()
        if not start or reading.letters[start - 1] not in _VOID_BEFORE
    }


def _found(kind: Kind, hit: Hit, denials: dict[int, int]) -> Found:
    if hit.start in denials:
        return Found(kind, denials[hit.start], hit.end, f"无{hit.value}")
    return Found(kind, hit.start, hit.end, hit.value)
