import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

from models.recipe.curve import draw

_POINTS = [
    {"step": 20, "steps": 40, "loss": 2.0, "accuracy": 0.4, "strangers": None},
    {"step": 40, "steps": 40, "loss": 1.0, "accuracy": 0.7, "strangers": 0.5},
]


def test_the_picture_is_a_line_for_each_measure(tmp_path: Path) -> None:
    (tmp_path / "net.json").write_text(json.dumps(_POINTS))
    draw(tmp_path / "net.json", tmp_path / "training.svg")
    text = (tmp_path / "training.svg").read_text(encoding="utf-8")
    ET.fromstring(text)  # noqa: S314 - our own file
    training, strangers = (found.split() for found in re.findall(r'points="([^"]*)"', text))
    assert (len(training), len(strangers)) == (2, 1)
    heights = [float(point.split(",")[1]) for point in training]
    assert heights[0] > heights[1]  # higher up is better
    assert "40 steps" in text
