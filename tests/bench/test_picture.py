from __future__ import annotations

import re
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from bench.picture import Panel, draw

ALONG = (1, 10, 40)


@pytest.fixture
def text(tmp_path: Path) -> str:
    lag = Panel("Lag <seconds>", "s", 3.0, (("lag", (0.1, 1.5, 9.0)), ("p95", (0.2, 0.3, 0.4))), limit=1.5)
    draw((lag, Panel("Refused", "%", 100, (("", (0, 0, 30)),))), ALONG, "lines", tmp_path / "load.svg")
    return (tmp_path / "load.svg").read_text(encoding="utf-8")


def lines(text: str) -> list[list[tuple[float, float]]]:
    found = re.findall(r'points="([^"]*)"', text)
    return [[(float(x), float(y)) for x, y in (p.split(",") for p in line.split())] for line in found]


def test_every_curve_has_a_point_for_each_number(text: str) -> None:
    fromstring(text)
    assert [len(line) for line in lines(text)] == [3, 3, 3]
    assert "Lag &lt;seconds&gt;" in text


def test_more_is_higher_and_what_goes_beyond_stays_within_its_panel(text: str) -> None:
    lag, p95, refused = lines(text)
    (_, low), (_, limit), (_, most) = lag
    assert low > limit > most
    dashed = re.search(r'M\d+ ([\d.]+)H\d+" stroke="#888"', text)
    assert dashed is not None
    assert float(dashed[1]) == limit
    assert limit - most == pytest.approx((low - most) / 2.9 * 1.5, abs=0.2)  # at the top, which is 3.0
    assert [y for _, y in p95] == sorted((y for _, y in p95), reverse=True)
    assert min(y for _, y in refused) > max(y for _, y in lag)  # a panel of its own, below


def test_the_axis_is_to_scale(text: str) -> None:
    (first, second, last) = (x for x, _ in lines(text)[0])
    assert (second - first) / (last - first) == pytest.approx(9 / 39, abs=0.001)
