"""Runs the demonstration: the whole system, two phones that answer, five callers one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from ivr.asterisk.settings import Member
from ivr.config import Config
from ivr.demo.calls import AGENT, CALLS, DISPATCHER, DemoCall, DemoMember
from ivr.demo.result import Answered, DemoResult
from ivr.placing import Placing, place, voice_of
from ivr.serve import Serving, serving
from ivr.softphone.agent import Agent, AgentCall
from ivr.softphone.caller import Caller
from ivr.softphone.pidf import document
from ivr.softphone.ticker import Ticker
from records.store import Store

_MEMBER_TALKS_S = 2.0
_AUDIBLE_RMS = 150.0
"""Of 32767; a line that is idle or carries only A-law's own noise stays below 20."""
_GREETING_S = 0.4
_FIRST_WORDS_BYTES = 12_000
"""A second and a half of A-law: what the caller says once more when somebody has answered."""


async def demonstrate(
    config: Config,
    config_path: Path | None,
    *,
    progress: Callable[[str], None],
    shown: Callable[[list[DemoResult], Serving], None],
    stay: bool,
) -> None:
    """Place every call and hand the results to `shown`. `stay`: serve on until cancelled."""
    async with AsyncExitStack() as stack:
        ticker = Ticker()
        phones = {
            member.name: await stack.enter_async_context(
                Agent(member.name, voice=voice_of(member.wav), ticker=ticker)
            )
            for member in (DISPATCHER, AGENT)
        }
        running = await stack.enter_async_context(
            serving(
                _with_phones(config, phones),
                config_path=config_path,
                log_to=config.log_dir / "node.log",
                progress=progress,
            )
        )
        store = Store(config.database_url)
        stack.callback(store.close)
        results = []
        for call in CALLS:
            progress(f"拨打 110：{call.title}……")
            results.append(await _call(call, running, store, phones))
        shown(results, running)
        if stay:
            await asyncio.Event().wait()


def _with_phones(config: Config, phones: dict[str, Agent]) -> Config:
    """The configuration with the demonstration's own phones as the queues' members."""

    def member(who: DemoMember) -> Member:
        host, port = phones[who.name].address
        return Member(name=who.name, uri=f"sip:{who.name}@{host}:{port}")

    asterisk = config.asterisk.model_copy(
        update={"police": (member(DISPATCHER),), "minsheng": (member(AGENT),)}
    )
    return config.model_copy(update={"asterisk": asterisk})


async def _call(call: DemoCall, running: Serving, store: Store, phones: dict[str, Agent]) -> DemoResult:
    answered: list[Answered] = []
    voice = voice_of(call.wav) if call.sounds else b""

    async def talk(caller: Caller) -> None:
        answered.append(await _talk(caller, _newest(phones), voice[:_FIRST_WORDS_BYTES]))

    placing = Placing(
        voice,
        keys=call.keys,
        number=call.number,
        pidf_lo=document(call.location) if call.location else None,
        greeting_s=_GREETING_S,
    )
    story = await place(running.sip_address, store, placing, talk)
    return DemoResult(call, story, answered[0] if answered else None)


def _newest(phones: dict[str, Agent]) -> AgentCall | None:
    calls = [call for phone in phones.values() for call in phone.calls if call.answered_at is not None]
    return max(calls, key=lambda call: call.answered_at or 0.0, default=None)


async def _talk(caller: Caller, member: AgentCall | None, voice: bytes) -> Answered:
    """Talk with the member for a moment, to learn whether both hear each other."""
    if member is None:
        raise LookupError("the feed tells of a member who answered, but neither phone did")
    since = asyncio.get_running_loop().time()
    with suppress(TimeoutError):
        async with asyncio.timeout(_MEMBER_TALKS_S):
            await caller.speak(voice)
            await caller.ended.wait()
    return Answered(
        display_name=member.invite.display_name,
        location_header=member.invite.header("X-Minsheng-Location"),
        pidf_lo=member.invite.pidf_lo,
        member_heard_caller=member.heard.rms(since) > _AUDIBLE_RMS,
        caller_heard_member=caller.heard.rms(since) > _AUDIBLE_RMS,
    )
