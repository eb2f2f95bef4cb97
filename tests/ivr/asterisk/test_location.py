"""What a location in the INVITE becomes: for the FastAGI script, for the agent's leg, and for Asterisk itself."""

from __future__ import annotations

import socket

import pytest

from tests.ivr.asterisk.agi_script import AgiScript
from tests.ivr.asterisk.conftest import Scene, SceneFactory
from tests.ivr.asterisk.sip_peer import Message

pytestmark = pytest.mark.telephony

FIELDS = ("format", "location_info", "confidence", "method")
READ = [
    'SET VARIABLE TIMEOUT(absolute) "20"',
    *(f'GET FULL VARIABLE "${{GEOLOC_PROFILE({field})}}"' for field in FIELDS),
]
HEADER = "Geolocation: <cid:loc@example.com>\r\nGeolocation-Routing: yes\r\n"
CIRCLE = (
    '<gs:Circle srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>39.9087 116.4605</gml:pos>'
    '<gs:radius uom="urn:ogc:def:uom:EPSG::9001">30</gs:radius></gs:Circle>'
)


def civic(district: str) -> str:
    return (
        '<ca:civicAddress xml:lang="zh"><ca:country>CN</ca:country><ca:A1>北京市</ca:A1>'
        f"<ca:A3>{district}</ca:A3><ca:RD>建国路</ca:RD><ca:HNO>88</ca:HNO></ca:civicAddress>"
    )


def pidf(location: str, doctype: str = "") -> str:
    """A PIDF-LO body part (RFC 4119, RFC 5491) with the location in it."""
    return (
        "Content-Type: application/pidf+xml\r\nContent-ID: <loc@example.com>\r\n\r\n"
        f'<?xml version="1.0" encoding="UTF-8"?>{doctype}'
        '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" '
        'xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:gml="http://www.opengis.net/gml" '
        'xmlns:gs="http://www.opengis.net/pidflo/1.0" xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr" '
        'xmlns:con="urn:ietf:params:xml:ns:geopriv:conf" entity="pres:13800138000@example.com">'
        '<dm:device id="d1"><gp:geopriv><gp:location-info>'
        f'{location}<con:confidence pdf="normal">95</con:confidence></gp:location-info>'
        "<gp:usage-rules/><gp:method>GPS</gp:method></gp:geopriv><dm:deviceID>urn:uuid:1</dm:deviceID></dm:device></presence>"
    )


def told(scene: SceneFactory, part: str, header: str = HEADER) -> tuple[dict[str, str], Message, Scene]:
    """What the script reads, the INVITE that the dispatcher gets, and the scene."""
    with AgiScript(READ) as script:
        s = scene(fastagi_port=script.port)
        s.call(extra=header, part=part)
        invite = s.police.wait_for_method("INVITE")
        lines = script.answers[0][1:]
    values = {
        field: line.removeprefix("200 result=1 (").removesuffix(")")
        for field, line in zip(FIELDS, lines, strict=True)
    }
    return values, invite, s


def test_a_circle(scene: SceneFactory) -> None:
    values, invite, _ = told(scene, pidf(CIRCLE))
    assert values == {
        "format": "GML",
        "location_info": 'shape="Circle",crs="2d",pos="39.9087 116.4605",radius="30"',
        "confidence": 'pdf="normal",value="95"',
        "method": "GPS",
    }
    assert "<cid:" in (invite.header("Geolocation") or "")
    assert "39.9087 116.4605" in invite.text
    assert "application/pidf+xml" in invite.text


def test_a_civic_address(scene: SceneFactory) -> None:
    values, invite, _ = told(scene, pidf(civic("朝阳区")))
    assert values["format"] == "civicAddress"
    assert values["location_info"] == 'lang="zh",country="CN",A1="北京市",A3="朝阳区",RD="建国路",HNO="88"'
    assert "&#x671D;&#x9633;&#x533A;" in invite.text


def test_a_reference(scene: SceneFactory) -> None:
    values, invite, _ = told(scene, "", "Geolocation: <https://lis.example/loc/abc>\r\n")
    assert (values["format"], values["location_info"]) == ("URI", 'URI="https://lis.example/loc/abc"')
    assert invite.header("Geolocation") == "<https://lis.example/loc/abc>"


@pytest.mark.parametrize(
    ("part", "header"),
    [
        ("", ""),
        ("", HEADER),
        (pidf(CIRCLE), ""),
        (pidf(CIRCLE)[:-60], HEADER),
        (pidf("<gs:Circle/>"), HEADER),
    ],
    ids=["none", "header without body", "body without header", "cut off", "empty circle"],
)
def test_no_location_or_a_broken_one_is_none(scene: SceneFactory, part: str, header: str) -> None:
    values, invite, s = told(scene, part, header)
    assert "pos=" not in values["location_info"]
    assert "39.9087" not in invite.text
    assert s.instance.asterisk.alive()


def test_entities_are_not_fetched_and_files_not_read(scene: SceneFactory) -> None:
    with socket.create_server(("127.0.0.1", 0)) as lure:
        doctype = (
            '<!DOCTYPE presence [<!ENTITY f SYSTEM "file:///etc/passwd">'
            f'<!ENTITY n SYSTEM "http://127.0.0.1:{lure.getsockname()[1]}/x">]>'
        )
        values, invite, _ = told(scene, pidf(civic("&f;|&n;"), doctype))
        lure.setblocking(False)
        with pytest.raises(BlockingIOError):
            lure.accept()
    assert 'A3="|"' in values["location_info"]
    assert "root:" not in invite.text


def test_nested_entities_do_not_blow_up(scene: SceneFactory) -> None:
    nested = "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(8))
    values, _, s = told(scene, pidf(civic("&i;"), f'<!DOCTYPE presence [<!ENTITY a "xxxxxxxxxx">{nested}]>'))
    assert values["format"] == ""
    assert s.instance.asterisk.alive()


@pytest.mark.parametrize("kilobytes", [6, 50])
def test_a_huge_location_reaches_police_too(scene: SceneFactory, kilobytes: int) -> None:
    """The script reads all of it; towards the dispatcher Asterisk cuts the value at about 250 bytes."""
    text = "区" * (kilobytes * 1000 // 3)
    values, invite, s = told(scene, pidf(civic(text)))
    assert text in values["location_info"]
    assert len(invite.text) < 6000
    assert s.instance.asterisk.alive()


@pytest.mark.parametrize(
    "value", ["${CALLERID(num)}", "x$[1+1]", "${SHELL(touch /tmp/x)}", "$${EXTEN}", "'\"${STRFTIME()}"]
)
def test_dialplan_expressions_in_a_location_stay_behind(scene: SceneFactory, value: str) -> None:
    """Asterisk 22 evaluates ${…} of a location when it writes the agent's INVITE: such a one is not passed on."""
    values, invite, s = told(scene, pidf(civic(value)))
    assert value.partition('"')[0] in values["location_info"]
    assert invite.header("Geolocation") is None
    assert "not registered" not in s.instance.messages()


def test_a_reference_with_an_expression_stays_behind(scene: SceneFactory) -> None:
    _, invite, _ = told(scene, "", "Geolocation: <https://lis.example/${CALLERID(num)}>\r\n")
    assert invite.header("Geolocation") is None


def test_no_function_that_could_run_or_read_anything_is_loaded(scene: SceneFactory) -> None:
    s = scene()
    functions = s.instance.rx("core show functions")
    for name in ("SHELL", "FILE", "ENV", "CURL", "DB", "ODBC", "SYSINFO", "AST_CONFIG"):
        assert f"\n{name} " not in functions
    applications = s.instance.rx("core show applications")
    for name in ("System", "TrySystem", "ExternalIVR", "Originate"):
        assert f" {name}:" not in applications
