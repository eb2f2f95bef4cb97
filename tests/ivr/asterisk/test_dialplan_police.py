"""Law 2: the dialplan alone brings a caller to police within two seconds, whatever else is dead."""

from __future__ import annotations

import re
import socket
import threading
import time

import pytest

from tests.asterisk_instance import free_ports
from tests.ivr.asterisk.agi_script import AgiScript, decided, set_variables
from tests.ivr.asterisk.conftest import CALLER, Scene, SceneFactory
from tests.ivr.asterisk.sip_peer import Phone

pytestmark = pytest.mark.telephony
LAW_S = 2.0


def reaches_police(s: Scene, began: float) -> None:
    """The dispatcher's phone rings within the law's limit from `began`, and no agent's does."""
    assert s.police.wait_for_method("INVITE").at - began <= LAW_S
    assert not [m for m in s.minsheng.heard if m.method == "INVITE"]


def test_nobody_listens_on_the_fastagi_port(scene: SceneFactory) -> None:
    s = scene(fastagi_port=free_ports(1)[0])
    began = time.monotonic()
    s.call()
    reaches_police(s, began)


def test_fastagi_accepts_and_hangs(scene: SceneFactory) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as deaf:
        s = scene(fastagi_port=deaf.getsockname()[1])
        began = time.monotonic()
        s.call()
        reaches_police(s, began)


def test_caller_without_audio_costs_no_extra_wait(scene: SceneFactory) -> None:
    """Answer() alone would wait half a second for audio, on top of the second and a half of a hanging server."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as deaf:
        s = scene(fastagi_port=deaf.getsockname()[1])
        s.call()
        s.police.wait_for_method("INVITE")
        assert "Answer" in s.instance.messages()
        steps = [line for line in s.instance.messages().splitlines() if "Executing [110@carrier" in line]
        seconds = [float(line[18:24]) for line in steps]
        assert (seconds[2] - seconds[1]) % 60 < 0.4


def test_script_dies_at_once(scene: SceneFactory) -> None:
    with AgiScript([]) as script:
        s = scene(fastagi_port=script.port)
        began = time.monotonic()
        s.call()
        reaches_police(s, began)


def test_script_dies_after_it_took_its_time(scene: SceneFactory) -> None:
    with AgiScript(['SET VARIABLE TIMEOUT(absolute) "20"', *set_variables(TRIAGE_LABEL="供水")]) as script:
        s = scene(fastagi_port=script.port)
        began = time.monotonic()
        s.call()
        reaches_police(s, began)


def test_script_that_hangs_after_its_first_act_ends_at_its_own_limit(scene: SceneFactory) -> None:
    """A function written with AGI's SET VARIABLE takes effect, fractions of a second included."""
    with AgiScript(['SET VARIABLE TIMEOUT(absolute) "2.7"'], then_hold=True) as script:
        s = scene(fastagi_port=script.port)
        began = time.monotonic()
        s.call()
        waited = s.police.wait_for_method("INVITE").at - began
        assert 2.6 < waited < 3.5


@pytest.mark.parametrize(
    "route",
    [
        "",
        "police",
        "MINSHENG",
        "minsheng ",
        "min-sheng",
        'minsheng\\" | \\"1',
        "${TRIAGE_LABEL}",
        "民生",
        "1",
    ],
)
def test_only_the_exact_word_leaves_the_police_line(scene: SceneFactory, route: str) -> None:
    with AgiScript(decided(route, __TRIAGE_LABEL="minsheng")) as script:
        s = scene(fastagi_port=script.port)
        began = time.monotonic()
        s.call()
        reaches_police(s, began)


@pytest.mark.parametrize(
    "missing",
    [
        "app_queue.so",
        "res_agi.so",
        "res_musiconhold.so",
        "app_userevent.so",
        "app_stack.so",
        "res_pjsip_geolocation.so",
        "func_strings.so,func_timeout.so,func_groupcount.so,func_callerid.so,func_uri.so",
    ],
)
def test_an_asterisk_without_some_of_its_modules(scene: SceneFactory, missing: str) -> None:
    s = scene(start=False, fastagi_port=free_ports(1)[0])
    path = s.instance.layout.etc / "modules.conf"
    lines = [line for line in path.read_text().splitlines() if not line.endswith(tuple(missing.split(",")))]
    path.write_text("\n".join(lines) + "\n")
    s.instance.asterisk.start()
    began = time.monotonic()
    s.call()
    reaches_police(s, began)


def test_without_the_queue_all_dispatchers_are_dialled(scene: SceneFactory) -> None:
    s = scene(start=False, fastagi_port=free_ports(1)[0])
    path = s.instance.layout.etc / "queues.conf"
    path.write_text(path.read_text().replace("[police](queue)", "[elsewhere](queue)"))
    s.instance.asterisk.start()
    began = time.monotonic()
    leg = s.call()
    reaches_police(s, began)
    s.police.wait_for_call().hang_up()
    assert leg.ended.wait(5)


@pytest.mark.parametrize("missing", ["app_queue", "app_queue,app_stack"])
def test_dialled_directly_they_see_the_same_as_from_the_queue(scene: SceneFactory, missing: str) -> None:
    with AgiScript(decided("police")) as script:
        s = scene(fastagi_port=script.port)
        for module in missing.split(","):
            s.instance.rx(f"module unload {module}.so")
        s.call()
        invite = s.police.wait_for_method("INVITE")
        assert (invite.header("X-Minsheng-Call") == "c0ffee-1") is ("app_stack" not in missing)


def test_an_unanswered_round_overtakes_nobody(scene: SceneFactory) -> None:
    """While the queue works it is never dialled past: the urgent one stays in front, round after round."""
    with AgiScript(decided("police", __TRIAGE_PRIORITY="4")) as script:
        s = scene(police_answers=180, fastagi_port=script.port)
        s.instance.rx("dialplan set global POLICE_ROUND 2")
        s.call()
        s.instance.wait_for_message('"QUEUE_PRIO=102"', limit_s=20)
        assert "Dial(" not in s.instance.messages()


def test_a_silent_caller_is_not_hung_up_on(scene: SceneFactory) -> None:
    """Mute, hiding, silence suppression: Asterisk has no time-out on sound, for callers and phones alike."""
    s = scene(fastagi_port=free_ports(1)[0])
    for name in ("carrier", "p101"):
        shown = s.instance.rx(f"pjsip show endpoint {name}")
        for option in ("rtp_timeout", "rtp_timeout_hold"):
            assert re.search(rf"^ {option} +: 0$", shown, re.MULTILINE), name


@pytest.mark.parametrize(
    "supported", ["", "Supported: timer\r\n", "Supported: timer\r\nSession-Expires: 90\r\n"]
)
def test_session_timers_with_and_without_the_peers_support(scene: SceneFactory, supported: str) -> None:
    """RFC 4028: a peer that does not ask for it is never refreshed, as it might refuse, and talks as ever."""
    s = scene(fastagi_port=free_ports(1)[0])
    leg = s.call(extra=supported)
    answer = leg.phone.wait_for(lambda m: m.method == "200" and "INVITE" in (m.header("CSeq") or ""))
    assert bool(answer.header("Session-Expires")) is ("Session-Expires" in supported)
    dispatcher = s.police.wait_for_call()
    assert "timer" not in (s.police.wait_for_method("INVITE").header("Require") or "")
    assert not leg.ended.is_set()
    dispatcher.hang_up()
    assert leg.ended.wait(5)


def test_nobody_answers_and_nobody_is_hung_up_on(scene: SceneFactory) -> None:
    """With the queue broken and no dispatcher to reach, the caller hears music and is tried for again and again."""
    s = scene(police_answers=486, fastagi_port=free_ports(1)[0])
    s.instance.rx("module unload app_queue.so")
    caller = s.stack.enter_context(Phone(CALLER))
    leg = s.call(caller)
    s.police.wait_for(lambda _m: sum(m.method == "INVITE" for m in s.police.heard) >= 3, limit_s=12)
    assert not leg.ended.is_set()
    assert caller.rtp_received > 20


def test_the_queue_is_joined_again_after_a_round(scene: SceneFactory) -> None:
    s = scene(police_answers=180, fastagi_port=free_ports(1)[0])
    s.instance.rx("dialplan set global POLICE_ROUND 1")
    s.instance.rx("dialplan set global POLICE_RING 1")
    leg = s.call()
    s.instance.wait_for_message('"QUEUE_PRIO=402"', limit_s=20)
    assert not leg.ended.is_set()


def test_waiting_is_never_silent(scene: SceneFactory) -> None:
    s = scene(police_answers=180, fastagi_port=free_ports(1)[0])
    caller = s.stack.enter_context(Phone(CALLER))
    s.call(caller)
    s.police.wait_for_method("INVITE")
    before, began = caller.rtp_received, time.monotonic()
    threading.Event().wait(1.0)
    packets = (caller.rtp_received - before) / (time.monotonic() - began)
    assert packets > 25  # 50 a second are sent


def test_a_dispatcher_who_hangs_up_ends_the_call(scene: SceneFactory) -> None:
    s = scene(fastagi_port=free_ports(1)[0])
    leg = s.call()
    s.police.wait_for_call().hang_up()
    assert leg.ended.wait(5)
    assert sum(m.method == "INVITE" for m in s.police.heard) == 1


def test_more_calls_than_lines_skip_the_listening(scene: SceneFactory) -> None:
    with AgiScript(['SET VARIABLE TIMEOUT(absolute) "20"'], then_hold=True) as script:
        s = scene(fastagi_port=script.port, police_lines=1)
        s.call()
        assert script.finished.wait(5)
        s.call()
        s.police.wait_for_method("INVITE")
        steps = [line for line in s.instance.messages().splitlines() if "Executing [110@carrier" in line]
        assert sum("AGI(" in line for line in steps) == 1


@pytest.mark.parametrize("number", ["+86110", "010110", "9", "police", "sos"])
def test_whatever_number_the_carrier_dials(scene: SceneFactory, number: str) -> None:
    s = scene(fastagi_port=free_ports(1)[0])
    caller = s.stack.enter_context(Phone(CALLER))
    assert caller.call(number, s.instance.sip_address).code == 200
    s.police.wait_for_method("INVITE")


def test_the_display_name_of_the_call_is_not_believed(scene: SceneFactory) -> None:
    s = scene(fastagi_port=free_ports(1)[0])
    s.call(display="${SHELL(touch /tmp/x)} 所长")
    shown = s.police.wait_for_method("INVITE").header("From") or ""
    assert shown.startswith('"110" <sip:13800138000@')


def test_calls_of_strangers_are_refused(scene: SceneFactory) -> None:
    s = scene(fastagi_port=free_ports(1)[0], carriers=("192.0.2.1",))
    caller = s.stack.enter_context(Phone(CALLER))
    assert caller.call("110", s.instance.sip_address).code == 401
    assert not s.police.heard


@pytest.mark.parametrize(
    ("priority", "expected"), [("1", 400), ("4", 100), ("", 400), ("7", 400), ("x", 400)]
)
def test_urgent_calls_wait_in_front(scene: SceneFactory, priority: str, expected: int) -> None:
    with AgiScript(decided("police", __TRIAGE_PRIORITY=priority)) as script:
        s = scene(police_answers=180, fastagi_port=script.port)
        s.call()
        s.police.wait_for_method("INVITE")
        set_to = [line for line in s.instance.messages().splitlines() if '"QUEUE_PRIO=' in line]
        assert f'"QUEUE_PRIO={expected}"' in set_to[-1]


def test_asterisk_itself_records_each_call(scene: SceneFactory) -> None:
    s = scene(fastagi_port=free_ports(1)[0])
    leg = s.call()
    s.police.wait_for_call().hang_up()
    assert leg.ended.wait(5)
    s.instance.asterisk.stop()
    record = (s.instance.layout.log / "cdr-custom" / "calls.csv").read_text()
    assert f'"{CALLER}"' in record
    assert "ANSWERED" in record
