"""The course of a training as a picture (SVG): frames right in training, and on speech it never learned from."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_WIDTH, _HEIGHT, _EDGE = 640, 320, 44
_COLOURS: Final = {"accuracy": "#2563eb", "strangers": "#dc2626"}
_NAMES: Final = {"accuracy": "training, perturbed", "strangers": "speech never learned from"}


def draw(curve: Path, picture: Path) -> None:
    """Draw the curve that a training left (`net.json`)."""
    points = json.loads(curve.read_text(encoding="utf-8"))
    steps = max((point["step"] for point in points), default=1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">',
        '<g font-size="12"><rect width="100%" height="100%" fill="white"/>',
    ]
    for share in range(0, 101, 20):
        at = _y(share / 100)
        parts.append(f'<path d="M{_EDGE} {at:.1f}H{_WIDTH - _EDGE}" stroke="#ddd"/>')
        parts.append(f'<text x="{_EDGE - 6}" y="{at + 4:.1f}" text-anchor="end">{share} %</text>')
    for number, (key, colour) in enumerate(_COLOURS.items()):
        line = [(point["step"], point[key]) for point in points if point[key] is not None]
        parts.append(_line(line, steps, colour))
        parts.append(
            f'<text x="{_WIDTH - _EDGE}" y="{_HEIGHT - 60 + 16 * number}" text-anchor="end" fill="{colour}">'
            f"{_NAMES[key]}</text>"
        )
    parts.append(
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 10}" text-anchor="middle">{steps} steps</text></g></svg>\n'
    )
    picture.write_text("\n".join(parts), encoding="utf-8")


def _line(points: Sequence[tuple[int, float]], steps: int, colour: str) -> str:
    placed = " ".join(
        f"{_EDGE + (_WIDTH - 2 * _EDGE) * step / steps:.1f},{_y(share):.1f}" for step, share in points
    )
    return f'<polyline points="{placed}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def _y(share: float) -> float:
    return _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * share
