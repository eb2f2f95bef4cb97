from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.fastagi.errors import AgiProtocolError, AgiTimeout, CallerGone, SessionClosed
from ivr.fastagi.lines import MAX_LINE_BYTES, LineChannel
from tests.ivr.fastagi.asterisk_side import connected_pair, reset

if TYPE_CHECKING:
    import socket

    Pair = tuple[socket.socket, socket.socket]


def test_lines_come_one_by_one(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall("one\n\n三\r\nrest".encode())
    lines = LineChannel(ours)
    assert [lines.read_line(1), lines.read_line(1), lines.read_line(1)] == ["one", "", "三"]
    assert lines.buffered_line() is None


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"").replace(b"\r", b"")), max_size=6),
    st.lists(st.integers(1, 9), max_size=20),
)
def test_however_the_bytes_are_cut_the_lines_are_the_same(contents: list[bytes], cuts: list[int]) -> None:
    ours, theirs = connected_pair()
    with ours, theirs:
        lines = LineChannel(ours)
        data = b"".join(content + b"\n" for content in contents)
        found: list[str] = []
        for cut in [*cuts, len(data)]:
            theirs.sendall(data[:cut])
            data = data[cut:]
            lines.pull()
            while (line := lines.buffered_line()) is not None:
                found.append(line)
        theirs.close()
        with contextlib.suppress(CallerGone):
            while True:
                found.append(lines.read_line(1))
        assert lines.ended
        assert found == [content.decode("utf-8", "replace") for content in contents]


def test_bytes_of_another_encoding_do_no_harm(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall("张三".encode("gbk") + b"\nnext\n")
    lines = LineChannel(ours)
    assert "\N{REPLACEMENT CHARACTER}" in lines.read_line(1)
    assert lines.read_line(1) == "next"


def test_no_line_in_time(pair: Pair) -> None:
    with pytest.raises(AgiTimeout, match=r"0\.05 s"):
        LineChannel(pair[0]).read_line(0.05)


def test_a_trickle_does_not_stretch_the_deadline(pair: Pair) -> None:
    ours, theirs = pair
    stop = threading.Event()

    def trickle() -> None:
        while not stop.wait(0.02):
            theirs.sendall(b"x")

    thread = threading.Thread(target=trickle)
    thread.start()
    began = time.monotonic()
    with pytest.raises(AgiTimeout):
        LineChannel(ours).read_line(0.3)
    stop.set()
    thread.join()
    assert time.monotonic() - began < 5


def test_a_line_that_never_ends_is_refused(pair: Pair) -> None:
    ours, theirs = pair
    sender = threading.Thread(target=theirs.sendall, args=(b"x" * (MAX_LINE_BYTES + 1),))
    sender.start()
    with pytest.raises(AgiProtocolError, match="65536"):
        LineChannel(ours).read_line(5)
    sender.join()


def test_the_longest_line_passes(pair: Pair) -> None:
    ours, theirs = pair
    sender = threading.Thread(target=theirs.sendall, args=(b"x" * MAX_LINE_BYTES + b"\n",))
    sender.start()
    assert len(LineChannel(ours).read_line(5)) == MAX_LINE_BYTES
    sender.join()


def test_a_flood_nobody_reads_is_not_taken_in_for_ever(pair: Pair) -> None:
    ours, theirs = pair
    theirs.setblocking(False)
    lines = LineChannel(ours)
    for _turn in range(200):
        try:
            theirs.send(b"x" * 8192)
        except BlockingIOError:
            break
        lines.pull()
    assert len(lines._received) <= MAX_LINE_BYTES + 8192
    assert theirs.send(b"") == 0


def test_the_end_comes_after_the_last_line(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall(b"last\nhalf")
    theirs.close()
    lines = LineChannel(ours)
    assert lines.read_line(1) == "last"
    with pytest.raises(CallerGone):
        lines.read_line(1)
    assert lines.ended


def test_a_reset_is_an_end_too(pair: Pair) -> None:
    ours, theirs = pair
    reset(theirs)
    lines = LineChannel(ours)
    with pytest.raises(CallerGone):
        lines.read_line(1)
    with pytest.raises(CallerGone):
        lines.write(b"x\n", 1)


def test_nothing_is_written_after_the_end(pair: Pair) -> None:
    ours, theirs = pair
    theirs.close()
    lines = LineChannel(ours)
    lines.pull()
    with pytest.raises(CallerGone):
        lines.write(b"x\n", 1)


def test_a_peer_that_reads_nothing_stops_a_write_in_time(pair: Pair) -> None:
    with pytest.raises(AgiTimeout, match="took no command"):
        LineChannel(pair[0]).write(b"x" * 50_000_000, 0.2)


def test_pull_does_not_wait_and_does_not_raise(pair: Pair) -> None:
    lines = LineChannel(pair[0])
    lines.pull()
    assert not lines.ended
    pair[1].close()
    lines.close()
    lines.pull()
    assert lines.ended


def test_abort_wakes_a_reader_that_waits_for_ever(pair: Pair) -> None:
    lines = LineChannel(pair[0])
    caught: list[BaseException] = []

    def read() -> None:
        try:
            lines.read_line(None)
        except SessionClosed as error:
            caught.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    lines.abort()
    reader.join(5)
    assert not reader.is_alive()
    assert isinstance(caught[0], SessionClosed)


def test_abort_after_close_is_harmless(pair: Pair) -> None:
    lines = LineChannel(pair[0])
    lines.close()
    lines.abort()
    with pytest.raises(SessionClosed):
        lines.read_line(1)
