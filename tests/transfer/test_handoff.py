"""What travels with a call cannot do any harm on the way, and the route comes last."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from transfer.handoff import SAID_LIMIT, channel_variables, geolocation_variables
from transfer.location import CallerLocation, LocationSource
from triage.decision import Decision, Route


def decision(text: str = "我家水管爆了", label: str = "供水") -> Decision:
    return Decision(
        route=Route.MINSHENG,
        category="water",
        label=label,
        priority=3,
        confidence=0.9,
        evidence=(),
        flags=(),
        joint_service=None,
        department="水务",
        lexicon_version="1",
        text=text,
    )


def located(road: str) -> CallerLocation:
    return CallerLocation(LocationSource.NETWORK, datetime.now(UTC), civic=(("RD", road),))


def test_everything_an_agent_needs_goes_along() -> None:
    assert channel_variables(decision(), located("五一路")) == {
        "__TRIAGE_CATEGORY": "water",
        "__TRIAGE_LABEL": "供水",
        "__TRIAGE_PRIORITY": "3",
        "__CALLER_LOCATION": "五一路",
        "__CALLER_SAID": "我家水管爆了",
        "TRIAGE_ROUTE": "minsheng",
    }


def test_the_route_comes_last_so_that_half_a_handoff_is_police() -> None:
    assert list(channel_variables(decision(), None))[-1] == "TRIAGE_ROUTE"


def test_no_location_is_an_empty_text() -> None:
    assert channel_variables(decision(), None)["__CALLER_LOCATION"] == ""


def test_what_was_said_is_cut_for_the_header() -> None:
    assert len(channel_variables(decision("水" * 500), None)["__CALLER_SAID"]) == SAID_LIMIT


@given(st.text(max_size=200), st.text(max_size=80))
def test_no_text_can_end_a_line_or_open_an_expression(said: str, road: str) -> None:
    for value in channel_variables(decision(said, road), located(road)).values():
        assert value.isprintable()
        assert not set(value) & set('${}"\\;')


def test_a_point_and_a_circle_become_gml() -> None:
    circle = CallerLocation(
        LocationSource.NETWORK,
        datetime.now(UTC),
        39.9087,
        116.4605,
        uncertainty_m=30,
        confidence_pct=95,
        method="GPS",
    )
    assert geolocation_variables(circle) == {
        "__GEO_FORMAT": "GML",
        "__GEO_INFO": 'shape="Circle",crs="2d",pos="39.9087000 116.4605000",radius="30"',
        "__GEO_CONFIDENCE": 'pdf="unknown",value="95"',
        "__GEO_METHOD": "GPS",
    }
    point = CallerLocation(LocationSource.NETWORK, datetime.now(UTC), 39.9087, 116.4605)
    assert geolocation_variables(point)["__GEO_INFO"].startswith('shape="Point",crs="2d",pos="39.9')


def test_an_address_that_is_too_long_to_send_is_left_out() -> None:
    long = tuple((f"A{n}", "区" * 100) for n in range(1, 7)) + tuple(
        (name, "路" * 100) for name in ("RD", "HNO", "LMK", "NAM", "BLD", "UNIT")
    )
    assert geolocation_variables(CallerLocation(LocationSource.NETWORK, datetime.now(UTC), civic=long)) == {}


def test_a_reference_goes_whole_or_not_at_all() -> None:
    def variables(uri: str) -> dict[str, str]:
        at = CallerLocation(LocationSource.REFERENCE, datetime.now(UTC), reference=uri)
        return geolocation_variables(at)

    assert variables("https://lis.example/a") == {
        "__GEO_FORMAT": "URI",
        "__GEO_INFO": 'URI="https://lis.example/a"',
    }
    assert variables("https://lis.example/${X}") == {}
    assert variables("https://lis.example/" + "a" * 300) == {}


@given(st.text(max_size=300), st.text(max_size=40))
def test_nothing_of_a_location_can_be_evaluated_or_add_a_field(value: str, method: str) -> None:
    at = CallerLocation(
        LocationSource.NETWORK, datetime.now(UTC), civic=(("RD", value), ("HNO", "8")), method=method
    )
    variables = geolocation_variables(at)
    assert not set("${}\\;\n\r") & set("".join(variables.values()))
    assert variables["__GEO_INFO"].count('"') == 4
