from datetime import UTC, datetime, timedelta, timezone

import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from ivr.softphone.pidf import Circle, CivicAddress, document

SPACES = {
    "p": "urn:ietf:params:xml:ns:pidf",
    "dm": "urn:ietf:params:xml:ns:pidf:data-model",
    "gp": "urn:ietf:params:xml:ns:pidf:geopriv10",
    "gml": "http://www.opengis.net/gml",
    "gs": "http://www.opengis.net/pidflo/1.0",
    "ca": "urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr",
    "con": "urn:ietf:params:xml:ns:geopriv:conf",
}
INFO = "dm:device/gp:geopriv/gp:location-info"
XML_TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc"), max_codepoint=0xFFFD), max_size=30)


def text_at(data: bytes, path: str) -> str | None:
    found = ElementTree.fromstring(data).find(path, SPACES)
    return None if found is None else found.text


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 1e6), st.floats(0, 100))
def test_a_circle_says_where_it_is(lat: float, lon: float, radius: float, confidence: float) -> None:
    data = document(Circle(lat, lon, radius, confidence))
    pos = text_at(data, f"{INFO}/gs:Circle/gml:pos")
    assert pos is not None
    assert [float(part) for part in pos.split()] == pytest.approx([lat, lon], abs=1e-6)
    assert float(text_at(data, f"{INFO}/gs:Circle/gs:radius") or "nan") == pytest.approx(radius, rel=1e-4)
    assert float(text_at(data, f"{INFO}/con:confidence") or "nan") == pytest.approx(confidence, rel=1e-4)


@given(XML_TEXT, XML_TEXT)
def test_a_civic_address_says_what_was_given(road: str, place: str) -> None:
    data = document(CivicAddress(province="北京市", district="朝阳区", road=road, place=place))
    assert text_at(data, f"{INFO}/ca:civicAddress/ca:A1") == "北京市"
    assert text_at(data, f"{INFO}/ca:civicAddress/ca:A2") is None
    assert text_at(data, f"{INFO}/ca:civicAddress/ca:A3") == "朝阳区"
    assert (text_at(data, f"{INFO}/ca:civicAddress/ca:RD") or "") == road
    assert (text_at(data, f"{INFO}/ca:civicAddress/ca:NAM") or "") == place


@pytest.mark.parametrize(
    "circle",
    [Circle(91, 0, 1), Circle(0, 181, 1), Circle(float("nan"), 0, 1), Circle(0, 0, -1), Circle(0, 0, 1, 101)],
)
def test_no_place_is_refused(circle: Circle) -> None:
    with pytest.raises(ValueError):
        document(circle)


def test_the_time_is_written_in_utc() -> None:
    at = datetime(2026, 1, 2, 8, 0, 0, tzinfo=timezone(timedelta(hours=8)))
    assert text_at(document(Circle(0, 0, 1), at=at), "dm:device/dm:timestamp") == "2026-01-02T00:00:00Z"


def test_the_time_is_now_when_none_is_given() -> None:
    stamp = text_at(document(Circle(0, 0, 1)), "dm:device/dm:timestamp")
    assert stamp is not None
    assert abs(datetime.fromisoformat(stamp) - datetime.now(UTC)) < timedelta(minutes=1)


def test_who_and_how_cannot_break_the_document() -> None:
    data = document(Circle(0, 0, 1), entity='pres:"<&>', method="<GPS>")
    assert ElementTree.fromstring(data).get("entity") == 'pres:"<&>'
    assert text_at(data, "dm:device/gp:geopriv/gp:method") == "<GPS>"
