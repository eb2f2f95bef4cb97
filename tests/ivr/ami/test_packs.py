from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from asterisk.ami.event import Event
from hypothesis import given
from hypothesis import strategies as st

from ivr.ami.errors import AmiFieldRefused, AmiProtocolError
from ivr.ami.packs import (
    MAX_LINE_BYTES,
    MAX_PACK_BYTES,
    AmiEvent,
    AmiResponse,
    PackReader,
    check_fields,
    event_name,
    parse_pack,
)
from tests.ivr.ami.manager_side import BANNER, pack

if TYPE_CHECKING:
    from collections.abc import Mapping

one_line = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=40)
header = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,15}", fullmatch=True).filter(
    lambda name: name != "Output" and not name.endswith("ChanVariable")
)


def event(*lines: str) -> AmiEvent:
    parsed = parse_pack(pack(*lines)[:-4])
    assert isinstance(parsed, AmiEvent)
    return parsed


class TestReader:
    @given(st.lists(st.integers(1, 30), max_size=20), st.integers(1, 5))
    def test_however_the_bytes_are_cut_the_packs_are_the_same(self, cuts: list[int], count: int) -> None:
        data = BANNER + b"".join(pack(f"Event: E{number}", "A: b") for number in range(count))
        reader = PackReader()
        found: list[bytes] = []
        for cut in [*cuts, len(data)]:
            found.extend(reader.feed(data[:cut]))
            data = data[cut:]
        assert found == [f"Event: E{number}\r\nA: b".encode() for number in range(count)]

    @given(st.lists(st.binary(max_size=50), max_size=20))
    def test_nothing_but_a_protocol_error_comes_out_of_garbage(self, chunks: list[bytes]) -> None:
        reader = PackReader()
        with suppress(AmiProtocolError):
            for chunk in chunks:
                assert not list(reader.feed(chunk)) or reader.greeted

    @pytest.mark.parametrize(
        "greeting",
        [
            b"HTTP/1.1 400 Bad Request\r\n",
            b"SSH-2.0-x\r\n",
            b"\r\n",
            b"x" * 300,
            b"Asterisk Call Manager/\r\n",
        ],
    )
    def test_only_asterisks_greeting_will_do(self, greeting: bytes) -> None:
        with pytest.raises(AmiProtocolError, match="greet"):
            list(PackReader().feed(greeting))

    def test_half_a_greeting_is_waited_for(self) -> None:
        reader = PackReader()
        assert not list(reader.feed(BANNER[:9]))
        assert not reader.greeted
        assert list(reader.feed(BANNER[9:] + pack("Event: A"))) == [b"Event: A"]
        assert reader.greeted

    def test_a_pack_that_never_ends_is_refused(self) -> None:
        reader = PackReader()
        list(reader.feed(BANNER))
        with pytest.raises(AmiProtocolError, match="1048576"):
            list(reader.feed(b"x" * (MAX_PACK_BYTES + 1)))


class TestParse:
    def test_an_event(self) -> None:
        parsed = event("Event: Hangup", "Channel: PJSIP/a-1", "Cause-txt: Normal Clearing", "AccountCode: ")
        assert parsed == AmiEvent(
            "Hangup", {"Channel": "PJSIP/a-1", "Cause-txt": "Normal Clearing", "AccountCode": ""}
        )

    def test_channel_variables_of_each_channel(self) -> None:
        parsed = event(
            "Event: AgentCalled",
            "ChanVariable: CALL_ID=abc=d",
            "ChanVariable: OTHER=",
            "DestChanVariable: CALL_ID=xyz",
        )
        assert parsed.channel_variable("CALL_ID") == "abc=d"
        assert parsed.channel_variable("OTHER") == ""
        assert parsed.channel_variable("CALL_ID", "DestChanVariable") == "xyz"
        assert parsed.channel_variable("NONE") == ""
        assert parsed.channel_variable("CALL_ID", "TargetChanVariable") == ""
        assert not parsed.fields

    def test_of_a_repeated_header_the_first_counts(self) -> None:
        parsed = event("Event: E", "Uniqueid: 1", "Uniqueid: 2", "ChanVariable: A=1", "ChanVariable: A=2")
        assert parsed.fields["Uniqueid"] == "1"
        assert parsed.channel_variable("A") == "1"

    @pytest.mark.parametrize(
        "separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\n", "\r"]
    )
    def test_asterisk_ami_lets_a_callers_name_bring_headers_and_ours_does_not(self, separator: str) -> None:
        name = f"x{separator}Uniqueid: 666{separator}ChanVariable: CALL_ID=stolen"
        lines = ("Event: QueueCallerJoin", f"CallerIDName: {name}", "Queue: police")
        theirs = Event.read(pack(*lines).decode())
        assert theirs.keys["Uniqueid"] == "666"
        assert theirs.keys["ChanVariable"] == {"CALL_ID": "stolen"}
        parsed = event(*lines)
        assert parsed.fields == {"CallerIDName": name, "Queue": "police"}
        assert parsed.channel_variable("CALL_ID") == ""

    def test_a_response(self) -> None:
        parsed = parse_pack(b"Response: Error\r\nActionID: 7\r\nMessage: No such channel")
        assert isinstance(parsed, AmiResponse)
        assert (parsed.status, parsed.is_error, parsed.message) == ("Error", True, "No such channel")
        assert parsed.fields["ActionID"] == "7"

    def test_a_commands_output(self) -> None:
        parsed = parse_pack(b"Response: Success\r\nOutput: a: b\r\nOutput: \r\nOutput:   c\r\nActionID: 1")
        assert isinstance(parsed, AmiResponse)
        assert parsed.output == ("a: b", "", "  c")
        assert not parsed.is_error
        assert parsed.message == ""

    @pytest.mark.parametrize("data", [b"", b"x", b"Something: else\r\nA: b", b"\xff\xfe: x"])
    def test_what_is_neither(self, data: bytes) -> None:
        assert parse_pack(data) is None

    @given(st.binary(max_size=200))
    def test_it_never_raises(self, data: bytes) -> None:
        parsed = parse_pack(data)
        assert parsed is None or isinstance(parsed, AmiEvent | AmiResponse)

    @given(st.dictionaries(header, one_line, max_size=8))
    def test_every_field_comes_through(self, fields: dict[str, str]) -> None:
        parsed = event("Event: E", *(f"{key}: {value}" for key, value in fields.items()))
        assert parsed.fields == fields

    def test_callers_stay_out_of_repr(self) -> None:
        assert "13800138000" not in repr(event("Event: E", "CallerIDNum: 13800138000"))

    @pytest.mark.parametrize(
        ("data", "name"),
        [(b"Event: Hangup\r\nA: b", "Hangup"), (b"event: X", "X"), (b"Response: Success", None), (b"", None)],
    )
    def test_the_name_alone(self, data: bytes, name: str | None) -> None:
        assert event_name(data) == name


class TestFields:
    def test_headers_and_variables(self) -> None:
        headers, variables = check_fields(
            "Originate", {"Channel": "Local/1@x", "Priority": 1, "Variable": {"__CALL_ID": "a=b", "F(x)": ""}}
        )
        assert headers == {"Channel": "Local/1@x", "Priority": "1"}
        assert variables == {"__CALL_ID": "a=b", "F(x)": ""}

    @pytest.mark.parametrize("value", ["a\r\nAction: Originate", "a\nb", "a\rb", "a\0b"])
    def test_a_line_end_is_refused_wherever_it_is(self, value: str) -> None:
        attempts: list[tuple[str, Mapping[str, object]]] = [
            ("Redirect", {"Exten": value}),
            ("Redirect", {value: "x"}),
            (value, {}),
            ("Setvar", {"Variable": {"A": value}}),
            ("Setvar", {"Variable": {value: "A"}}),
        ]
        for name, fields in attempts:
            with pytest.raises(AmiFieldRefused):
                check_fields(name, fields)  # type: ignore[arg-type]

    @pytest.mark.parametrize("name", ["", "A B", "A:", "Action", "ActionID", "actionid", "变", "1A"])
    def test_headers_that_an_action_may_not_have(self, name: str) -> None:
        with pytest.raises(AmiFieldRefused):
            check_fields("Ping", {name: "x"})

    def test_a_mapping_is_for_variables_only(self) -> None:
        with pytest.raises(AmiFieldRefused, match="one value"):
            check_fields("Ping", {"Channel": {"a": "b"}})

    def test_length_is_counted_in_bytes_with_the_name(self) -> None:
        room = MAX_LINE_BYTES - len("Data: ")
        assert check_fields("X", {"Data": "x" * room})[0]["Data"] == "x" * room
        for fields in ({"Data": "x" * (room + 1)}, {"Data": "民" * 400}, {"Variable": {"A": "x" * 990}}):
            with pytest.raises(AmiFieldRefused, match="longer"):
                check_fields("X", fields)

    @given(one_line.filter(lambda value: "\0" not in value))
    def test_every_other_value_passes_unchanged(self, value: str) -> None:
        assert check_fields("X", {"Data": value})[0] == {"Data": value}
