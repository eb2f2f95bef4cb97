"""A caller's location, from what Asterisk gives to one typed value."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.errors import LocationUnreadable
from transfer.geoloc import parse_pairs, read_location
from transfer.location import SHORT_LIMIT, CallerLocation, LocationSource

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def read(**fields: str) -> CallerLocation | None:
    return read_location(fields.get, now=lambda: NOW)


def test_no_location() -> None:
    assert read() is None
    assert read(format="", location_info="") is None


def test_circle() -> None:
    location = read(
        format="GML",
        location_info='shape="Circle",crs="2d",pos="27.3408 117.4926",radius="30"',
        confidence='pdf="normal",value="95"',
        method="GPS",
    )
    assert location == CallerLocation(
        LocationSource.NETWORK, NOW, 27.3408, 117.4926, uncertainty_m=30, confidence_pct=95, method="GPS"
    )
    assert location.short == "27.34080,117.49260 ±30m"
    assert location.as_json() == {
        "source": "network",
        "at": "2026-11-22T04:00:00+00:00",
        "short": "27.34080,117.49260 ±30m",
        "latitude": 27.3408,
        "longitude": 117.4926,
        "uncertainty_m": 30.0,
        "confidence_pct": 95.0,
        "method": "GPS",
    }


def test_point_has_no_radius() -> None:
    location = read(format="GML", location_info='shape="Point",crs="2d",pos="27.3408 117.4926"')
    assert location is not None
    assert location.uncertainty_m is None
    assert location.short == "27.34080,117.49260"


def test_sphere_is_a_circle_at_a_height() -> None:
    location = read(format="GML", location_info='shape="Sphere",crs="3d",pos="27.3 117.4 210",radius="15"')
    assert location is not None
    assert (location.latitude, location.longitude, location.uncertainty_m) == (27.3, 117.4, 15)


def test_civic_address_is_written_the_chinese_way() -> None:
    location = read(
        format="civicAddress",
        location_info='country="CN",RD="五一路",HNO="88",A1="福建省",A2="南平市",A3="邵武市",BLD="3",ROOM="501"',
    )
    assert location is not None
    assert location.address == "福建省南平市邵武市五一路88号3栋501室"
    assert location.short == location.address
    assert location.as_json()["civic"] == dict(location.civic)


def test_a_number_with_its_own_counter_keeps_it() -> None:
    location = read(format="civicAddress", location_info='RD="五一路",HNO="八十八号"')
    assert location is not None
    assert location.address == "五一路八十八号"


def test_long_address_is_cut_for_a_display() -> None:
    location = read(format="civicAddress", location_info=f'RD="{"长" * 100}"')
    assert location is not None
    assert len(location.short) == SHORT_LIMIT
    assert location.short.endswith("…")


def test_reference() -> None:
    location = read(format="URI", location_info='URI="https://lis.example/loc/abc"')
    assert location is not None
    assert location.source is LocationSource.REFERENCE
    assert location.reference == "https://lis.example/loc/abc"
    assert location.short == "位置待查"


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"format": "GML", "location_info": 'shape="Circle",pos="91 0",radius="1"'}, "latitude"),
        ({"format": "GML", "location_info": 'shape="Circle",pos="0 181",radius="1"'}, "longitude"),
        ({"format": "GML", "location_info": 'shape="Circle",pos="nan 0",radius="1"'}, "latitude"),
        ({"format": "GML", "location_info": 'shape="Circle",pos="1 1",radius="-1"'}, "radius"),
        ({"format": "GML", "location_info": 'shape="Circle",pos="1 1"'}, "radius"),
        ({"format": "GML", "location_info": 'shape="Circle",pos="1",radius="1"'}, "position"),
        ({"format": "GML", "location_info": 'shape="Polygon",pos="1 1"'}, "shape"),
        ({"format": "civicAddress", "location_info": 'country="CN"'}, "without a single element"),
        ({"format": "URI", "location_info": 'URI="file:///etc/passwd"'}, "not a URI"),
        ({"format": "GML", "location_info": "shape=Circle,,"}, "character"),
        ({"format": "GML", "location_info": "x" * 5000}, "5000 characters"),
        ({"format": "civicAddress", "location_info": 'RD="a",RD="b"'}, "RD comes twice"),
        ({"format": "GML", "location_info": 'shape="Polygon",pos="1 1",pos="2 2"'}, "pos comes twice"),
        ({"format": "HTML", "location_info": ""}, "unknown location format"),
    ],
)
def test_what_cannot_be_understood_is_refused_not_guessed(fields: dict[str, str], what: str) -> None:
    with pytest.raises(LocationUnreadable, match=what):
        read(**fields)


def test_control_characters_do_not_survive() -> None:
    assert parse_pairs('RD="五一路\r\nBye: now",HNO=1\t2') == {"RD": "五一路  Bye: now", "HNO": "1 2"}


def test_escaped_quotes() -> None:
    assert parse_pairs(r'NAM="\"大\" 饭店"') == {"NAM": '"大" 饭店'}


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,10}", fullmatch=True), st.text(max_size=40), max_size=8
    )
)
def test_pairs_round_trip(pairs: dict[str, str]) -> None:
    written = ",".join(
        '{}="{}"'.format(name, value.replace("\\", "\\\\").replace('"', '\\"'))
        for name, value in pairs.items()
    )
    printable = {
        name: "".join(c if c.isprintable() else " " for c in value).strip() for name, value in pairs.items()
    }
    assert parse_pairs(written) == printable


@given(st.text(max_size=300), st.sampled_from(["GML", "civicAddress", "URI", "", "?"]), st.text(max_size=60))
def test_nothing_but_unreadable_is_raised(info: str, kind: str, confidence: str) -> None:
    try:
        location = read(format=kind, location_info=info, confidence=confidence, method=info)
    except LocationUnreadable:
        return
    assert location is None or location.short
