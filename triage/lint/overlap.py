"""How stretches of letters may lie over each other."""

from __future__ import annotations

from collections.abc import Iterator


def places_of(inner: str, outer: str) -> Iterator[int]:
    """Yield where `inner` begins in `outer`, overlapping places included."""
    at = outer.find(inner)
    while at >= 0:
        yield at
        at = outer.find(inner, at + 1)


def spares(cover: str, inner: str, outer: str) -> bool:
    """Tell whether `cover` can lie over the `inner` of an `outer` without lying over all of that `outer`.

    A context that does so cancels the shorter phrase and leaves the longer one standing.
    """
    return any(
        _agree(cover, outer, start - offset) and not _contains(cover, outer, start - offset)
        for start in places_of(inner, outer)
        for offset in places_of(inner, cover)
    )


def _agree(cover: str, outer: str, shift: int) -> bool:
    """Tell whether both can be parts of one text, `cover` beginning `shift` letters after `outer`."""
    first, last = max(0, shift), min(len(outer), shift + len(cover))
    return outer[first:last] == cover[first - shift : last - shift]


def _contains(cover: str, outer: str, shift: int) -> bool:
    return shift <= 0 and shift + len(cover) >= len(outer)
