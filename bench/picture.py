"""Curves over a common axis as a picture (SVG), one panel below the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

_WIDTH, _LEFT, _RIGHT = 640, 60, 20
_PANEL, _TITLE, _FOOT = 180, 30, 40
_COLOURS: Final = ("#2563eb", "#dc2626", "#16a34a")
_STEPS: Final = 4


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves that share a scale from 0 to `top`; what goes beyond is drawn at the top."""

    title: str
    unit: str
    top: float
    curves: Sequence[tuple[str, Sequence[float]]]
    limit: float | None = None
    """A dashed line at this height."""


def draw(panels: Sequence[Panel], along: Sequence[float], axis: str, picture: Path) -> None:
    """Write the picture; each curve has one value for each of `along`, which begins at its least."""
    height = len(panels) * (_PANEL + _TITLE) + _FOOT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif">',
        '<g font-size="12"><rect width="100%" height="100%" fill="white"/>',
    ]
    for number, panel in enumerate(panels):
        parts += _panel(panel, along, number * (_PANEL + _TITLE) + _TITLE)
    for value in along:
        parts.append(
            f'<text x="{_x(value, along):.1f}" y="{height - _FOOT + 16}" text-anchor="middle">{value:g}</text>'
        )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(
        f'<text x="{middle}" y="{height - 8}" text-anchor="middle">{escape(axis)}</text></g></svg>\n'
    )
    picture.write_text("\n".join(parts), encoding="utf-8")


def _panel(panel: Panel, along: Sequence[float], above: float) -> list[str]:
    parts = [f'<text x="{_LEFT}" y="{above - 10}" font-weight="bold">{escape(panel.title)}</text>']
    for step in range(_STEPS + 1):
        value = panel.top * step / _STEPS
        at = _y(value, panel, above)
        parts.append(f'<path d="M{_LEFT} {at:.1f}H{_WIDTH - _RIGHT}" stroke="#ddd"/>')
        label = f"{value:g} {panel.unit}"
        parts.append(f'<text x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{escape(label)}</text>')
    if panel.limit is not None:
        at = _y(panel.limit, panel, above)
        parts.append(f'<path d="M{_LEFT} {at:.1f}H{_WIDTH - _RIGHT}" stroke="#888" stroke-dasharray="6 4"/>')
    for number, ((name, values), colour) in enumerate(zip(panel.curves, _COLOURS, strict=False)):
        points = " ".join(
            f"{_x(x, along):.1f},{_y(y, panel, above):.1f}" for x, y in zip(along, values, strict=True)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts.append(
            f'<text x="{_LEFT + 8}" y="{above + 16 + 16 * number}" fill="{colour}">{escape(name)}</text>'
        )
    return parts


def _x(value: float, along: Sequence[float]) -> float:
    span = along[-1] - along[0] or 1.0
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (value - along[0]) / span


def _y(value: float, panel: Panel, above: float) -> float:
    return above + _PANEL * (1 - min(value, panel.top) / panel.top)
