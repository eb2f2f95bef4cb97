"""A livelihood call: frees the police line, reaches an agent with all that is known, and gets back to police."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest

from asr.g711 import alaw_encode
from tests.ivr.asterisk.agi_script import AgiScript, decided
from tests.ivr.asterisk.conftest import CALLER, Scene, SceneFactory
from tests.ivr.asterisk.sip_peer import Leg, Phone

pytestmark = pytest.mark.telephony
PLACE = "朝阳区建国路88号"


def with_agent(scene: SceneFactory, script: AgiScript, **fields: Any) -> tuple[Scene, Leg, Leg]:
    """A call that an agent has taken: the scene, the caller's leg, the agent's leg."""
    s = scene(fastagi_port=script.port, **fields)
    caller = s.call()
    agent = s.minsheng.wait_for_call()
    s.instance.wait_for_message("PJSIP/carrier-00000000 joined")
    return s, caller, agent


def test_the_agent_gets_all_that_is_known(scene: SceneFactory) -> None:
    with AgiScript(decided("minsheng")) as script:
        s, caller, agent = with_agent(scene, script)
        invite = s.minsheng.wait_for_method("INVITE")
        assert (invite.header("From") or "").startswith(f'"供水 {PLACE}" <sip:{CALLER}@')
        assert invite.header("X-Minsheng-Call") == "c0ffee-1"
        assert invite.header("X-Minsheng-Category") == "water"
        assert unquote(invite.header("X-Minsheng-Location") or "") == PLACE
        assert invite.header("X-Minsheng-Said") is None
        assert not [m for m in s.police.heard if m.method == "INVITE"]
        agent.hang_up()
        assert caller.ended.wait(5)


def test_the_callers_words_go_along(scene: SceneFactory) -> None:
    said = "水" * 77 + ",&)"
    with AgiScript(decided("minsheng", __CALLER_SAID=said)) as script:
        s, _, _ = with_agent(scene, script)
        header = s.minsheng.wait_for_method("INVITE").header("X-Minsheng-Said") or ""
        assert header.isascii()
        assert unquote(header) == said


def test_the_police_line_is_free_while_the_agent_rings(scene: SceneFactory) -> None:
    with AgiScript(decided("minsheng")) as script:
        s = scene(fastagi_port=script.port, minsheng_answers=180)
        s.call()
        s.minsheng.wait_for_method("INVITE")
        assert s.lines() == {"minsheng": 1}


def test_hostile_values_stay_values(scene: SceneFactory) -> None:
    label, place = "a,b)(;|&!", "x'y,z?a:b=c<sip:evil@example>"
    with AgiScript(
        decided("minsheng", __TRIAGE_LABEL=label, __CALLER_LOCATION=place, __TRIAGE_CATEGORY="水 %0d%0aX: y")
    ) as script:
        s, _, _ = with_agent(scene, script)
        invite = s.minsheng.wait_for_method("INVITE")
        assert unquote(invite.header("X-Minsheng-Location") or "") == place
        assert invite.header("X") is None
        assert unquote(invite.header("X-Minsheng-Category") or "") == "水 %0d%0aX: y"


def test_agent_presses_star_0(scene: SceneFactory) -> None:
    with AgiScript(decided("minsheng")) as script:
        s, caller, agent = with_agent(scene, script)
        agent.press("*0")
        invite = s.police.wait_for_method("INVITE")
        assert invite.header("X-Minsheng-Call") == "c0ffee-1"
        assert agent.ended.wait(5)
        assert not caller.ended.is_set()
        assert s.lines() == {"police": 1}
        assert '"QUEUE_PRIO=1000"' in s.instance.messages()


def test_the_caller_pressing_the_same_keys_changes_nothing(scene: SceneFactory) -> None:
    with AgiScript(decided("minsheng")) as script:
        s, caller, agent = with_agent(scene, script)
        caller.press("*0")
        agent.press("1")
        assert not [m for m in s.police.heard if m.method == "INVITE"]
        assert not agent.ended.is_set()


def test_a_dispatcher_pressing_the_same_keys_keeps_the_call(scene: SceneFactory) -> None:
    with AgiScript(decided("police")) as script:
        s = scene(fastagi_port=script.port)
        s.call()
        dispatcher = s.police.wait_for_call()
        dispatcher.press("*0")
        dispatcher.press("1")
        assert not dispatcher.ended.is_set()


def test_agent_transfers_the_call_to_110(scene: SceneFactory) -> None:
    with AgiScript(decided("minsheng")) as script:
        s, caller, agent = with_agent(scene, script)
        agent.refer(f"sip:110@127.0.0.1:{s.instance.settings.sip_port}")
        invite = s.police.wait_for_method("INVITE")
        assert invite.header("X-Minsheng-Call") == "c0ffee-1"
        assert not caller.ended.is_set()
        assert s.lines() == {"police": 1}


def test_a_returned_call_goes_before_all_who_wait(scene: SceneFactory) -> None:
    with AgiScript(decided("police", __TRIAGE_PRIORITY="1")) as urgent:
        s = scene(fastagi_port=urgent.port, police_answers=180)
        s.call()
        s.police.wait_for_method("INVITE")
        with AgiScript(decided("minsheng")) as script:
            s.instance.rx(f"dialplan set global FASTAGI_URL agi://127.0.0.1:{script.port}")
            returned = s.call(s.stack.enter_context(Phone("13900139000")))
            s.minsheng.wait_for_call().press("*0")
            s.instance.wait_for_message("CallReturned")
            s.instance.wait_for_message("QUEUE_PRIO=1000")
            queue = wait_for_queue(s, 2)
            assert "prio: 1000" in queue[0]
            assert "prio: 400" in queue[1]
            assert not returned.ended.is_set()


def wait_for_queue(s: Scene, callers: int) -> list[str]:
    """The callers in the police queue, in order, as soon as there are so many."""
    deadline = time.monotonic() + 8
    while time.monotonic() < deadline:
        rows = [row.strip() for row in s.instance.rx("queue show police").splitlines() if "prio:" in row]
        if len(rows) >= callers:
            return rows
    raise AssertionError(s.instance.rx("queue show police"))


def test_any_key_while_waiting_leads_to_police(scene: SceneFactory) -> None:
    with AgiScript(decided("minsheng")) as script:
        s = scene(fastagi_port=script.port, minsheng_answers=180)
        caller = s.call()
        s.minsheng.wait_for_method("INVITE")
        caller.press("5")
        s.police.wait_for_method("INVITE")
        assert s.lines() == {"police": 1}
        assert "CallReturned" in s.instance.messages()
        assert last_priority(s) == 400, "how urgent it is, nobody knows any more"


def last_priority(s: Scene) -> int:
    """The place that the police queue was joined with."""
    return int(s.instance.messages().rpartition('"QUEUE_PRIO=')[2].partition('"')[0])


def in_band(keys: str) -> bytes:
    """A-law sound of DTMF keys, 120 ms each: how a trunk without RFC 4733 sends them."""
    rows, columns = (697, 770, 852, 941), (1209, 1336, 1477)
    time_s = np.arange(960) / 8000
    sound = b""
    for key in keys:
        row, column = divmod("123456789*0#".index(key), 3)
        wave = np.sin(2 * np.pi * rows[row] * time_s) + np.sin(2 * np.pi * columns[column] * time_s)
        sound += alaw_encode((8000 * wave).astype(np.int16)) + b"\xd5" * 960
    return sound


def test_keys_that_come_as_sound_count_too(scene: SceneFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    offered = Phone._sdp

    def without_rfc_4733(phone: Phone) -> str:
        lines = offered(phone).replace(" 8 101\r\n", " 8\r\n").split("\r\n")
        return "\r\n".join(line for line in lines if ":101 " not in line)

    monkeypatch.setattr(Phone, "_sdp", without_rfc_4733)
    with AgiScript(decided("minsheng")) as script:
        s = scene(fastagi_port=script.port, minsheng_answers=180)
        caller = s.call()
        s.minsheng.wait_for_method("INVITE")
        assert caller.media is not None
        for step, sound in enumerate(batched_sound(b"\xd5" * 1600 + in_band("5"))):
            caller.phone.send_rtp(8, step * 160, sound, caller.media)
            time.sleep(0.02)
        s.police.wait_for_method("INVITE")


def batched_sound(sound: bytes) -> list[bytes]:
    """Packets of 20 ms."""
    return [sound[at : at + 160] for at in range(0, len(sound), 160)]


def test_no_answer_in_time_leads_to_police(scene: SceneFactory) -> None:
    with AgiScript(decided("minsheng")) as script:
        s = scene(fastagi_port=script.port, minsheng_answers=180)
        s.instance.rx("dialplan set global MINSHENG_WAIT 1")
        s.call()
        assert s.police.wait_for_method("INVITE", limit_s=8)
        assert last_priority(s) == 200, "a tap that nobody had time for is no emergency"
        assert "CallReturned" in s.instance.messages()


def test_an_unanswered_livelihood_call_waits_behind_an_emergency(scene: SceneFactory) -> None:
    with AgiScript(decided("minsheng")) as script:
        s = scene(fastagi_port=script.port, minsheng=(), police_answers=180)
        s.call()
        s.police.wait_for_method("INVITE")
        with AgiScript(decided("police", __TRIAGE_PRIORITY="1")) as urgent:
            s.instance.rx(f"dialplan set global FASTAGI_URL agi://127.0.0.1:{urgent.port}")
            s.call(s.stack.enter_context(Phone("13900139000")))
            first, second = wait_for_queue(s, 2)
            assert "prio: 400" in first
            assert "prio: 200" in second


def test_no_agents_at_all_leads_to_police_at_once(scene: SceneFactory) -> None:
    with AgiScript(decided("minsheng")) as script:
        s = scene(fastagi_port=script.port, minsheng=())
        began = time.monotonic()
        s.call()
        assert s.police.wait_for_method("INVITE").at - began < 2


def test_agents_who_have_not_registered_lead_to_police_at_once(scene: SceneFactory) -> None:
    with AgiScript(decided("minsheng")) as script:
        s = scene(fastagi_port=script.port, minsheng=({"name": "m202", "password": "quite-secret-1"},))
        began = time.monotonic()
        s.call()
        assert s.police.wait_for_method("INVITE").at - began < 2


def test_an_agent_registers_and_takes_a_call(scene: SceneFactory) -> None:
    with AgiScript(decided("minsheng")) as script, Phone("m202") as phone:
        s = scene(fastagi_port=script.port, minsheng=({"name": "m202", "password": "quite-secret-1"},))
        assert phone.register(s.instance.sip_address, "wrong-secret-1") == "401"
        phone.heard.clear()
        assert phone.register(s.instance.sip_address, "quite-secret-1") == "200"
        s.instance.rx("queue reload all")
        s.call()
        phone.wait_for_method("INVITE")


def test_nobody_calls_in_the_name_of_an_agent(scene: SceneFactory) -> None:
    """A caller is a caller, whatever phone's name he gives himself; he gets through, and gets nothing else."""
    with AgiScript(decided("police")) as script, Phone("m202") as named, Phone("m201") as other:
        s = scene(
            fastagi_port=script.port,
            minsheng=(
                {"name": "m202", "password": "quite-secret-1"},
                {"name": "m201", "uri": "sip:m201@127.0.0.1:9"},
            ),
        )
        for caller in (named, other):
            assert caller.call("110", s.instance.sip_address).code == 200
        assert s.instance.messages().count("Executing [110@carrier:1]") == 2
        assert "@agents" not in s.instance.messages()


def test_a_stranger_is_asked_for_a_password_that_nobody_has(scene: SceneFactory) -> None:
    s = scene()
    with Phone("registration") as stranger, Phone("m201") as fixed:
        assert stranger.register(s.instance.sip_address, "registration") == "401"
        assert fixed.register(s.instance.sip_address, "") == "401"


def test_one_phone_cannot_register_as_another(scene: SceneFactory) -> None:
    s = scene(
        minsheng=(
            {"name": "m202", "password": "quite-secret-1"},
            {"name": "m203", "password": "quite-secret-2"},
        )
    )
    with Phone("m203") as thief:
        assert thief.register(s.instance.sip_address, "quite-secret-1") == "401"
        assert "m203/sip" not in s.instance.rx("pjsip show contacts")


def test_refer_frees_the_trunk(scene: SceneFactory) -> None:
    with AgiScript(decided("minsheng")) as script, Phone(CALLER, refer_result="200 OK") as carrier:
        s = scene(fastagi_port=script.port, minsheng_trunk="sip:12345@127.0.0.1:5999;transport=tcp")
        leg = s.call(carrier)
        refer = carrier.wait_for_method("REFER")
        assert refer.header("Refer-To") == "sip:12345@127.0.0.1:5999;transport=tcp"
        assert leg.ended.wait(5)
        assert "0 active channels" in s.instance.rx("core show channels count")
        assert not s.minsheng.heard


@pytest.mark.parametrize("result", ["486 Busy Here", "503 Service Unavailable", "100 Trying"])
def test_a_refer_that_fails_leads_to_our_own_agents(scene: SceneFactory, result: str) -> None:
    with AgiScript(decided("minsheng")) as script, Phone(CALLER, refer_result=result) as carrier:
        s = scene(fastagi_port=script.port, minsheng_trunk="sip:12345@127.0.0.1:5999")
        leg = s.call(carrier)
        s.minsheng.wait_for_method("INVITE")
        assert not leg.ended.is_set()


def test_a_refer_of_which_nothing_is_heard_leads_to_police(scene: SceneFactory) -> None:
    """202 Accepted and then nothing: Transfer itself would wait for ever."""
    with AgiScript(decided("minsheng")) as script, Phone(CALLER, refer_result=None) as carrier:
        s = scene(fastagi_port=script.port, minsheng_trunk="sip:12345@127.0.0.1:5999")
        s.instance.rx("dialplan set global REFER_LIMIT 1")
        leg = s.call(carrier)
        s.police.wait_for_method("INVITE")
        assert not leg.ended.is_set()


def test_a_refer_that_fails_without_agents_leads_to_police(scene: SceneFactory) -> None:
    with AgiScript(decided("minsheng")) as script, Phone(CALLER, refer_result="486 Busy Here") as carrier:
        s = scene(fastagi_port=script.port, minsheng_trunk="sip:12345@127.0.0.1:5999", minsheng=())
        s.call(carrier)
        s.police.wait_for_method("INVITE")


def test_a_caller_cannot_transfer_himself(scene: SceneFactory) -> None:
    with AgiScript(decided("minsheng")) as script:
        s, caller, agent = with_agent(scene, script)
        caller.refer(f"sip:110@127.0.0.1:{s.instance.settings.sip_port}")
        refused = caller.phone.wait_for(lambda m: "REFER" in (m.header("CSeq") or ""))
        assert int(refused.method) >= 400
        assert not agent.ended.is_set()
