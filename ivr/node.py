"""The node: the one asyncio process that answers calls. Its parent gives it the listening sockets and a pulse to keep.

What it needs for the deciding path it loads before it says that it is ready. What may be away (database, AMI, the
speech model) it starts without: calls are answered all the same and go to police where nothing can be decided.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from functools import lru_cache

import structlog

from asr.errors import AsrError
from asr.models import ModelShelf
from asr.pool import DecodePool
from asr.recogniser import Engine
from asr.vosk_engine import VoskEngine
from ivr.audiosocket.server import AudioSocketServer
from ivr.config import BUNDLED_MODEL, Config
from ivr.control import ControlServer
from ivr.decoders import Decoders, NoDecoders, model_folder
from ivr.exchange import Exchange
from ivr.fastagi.server import FastAgiServer
from ivr.heartbeat import beat
from ivr.history_loading import HistoryLoading
from ivr.journal import Journal
from ivr.kept_rules import KeptRules
from ivr.metrics import Metrics
from ivr.metrics_server import MetricsServer
from ivr.prompts import FOLDER as BUILT_IN_PROMPTS
from ivr.prompts import Prompts
from ivr.rules import LiveRules
from ivr.switchboard import Switchboard
from records.events import CallEvent
from records.spool import Spool
from records.store import Store
from records.writer import EventWriter
from transfer.caller_history import CallerHistory
from triage.facts.finder import FactFinder
from triage.facts.gazetteer import Gazetteer

log = structlog.get_logger(__name__)

_Bind = Callable[[Sequence[str]], Engine | None]
_FLUSH_S = 5.0
_SESSIONS_END_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Inherited:
    """File descriptors that the parent hands down."""

    fastagi: int
    audiosocket: int
    pulse: int
    """Writing end of the heartbeat pipe."""
    lifeline: int
    """Reading end of a pipe that nobody writes: it ends when the parent is gone."""


async def run_node(config: Config, inherited: Inherited) -> None:
    """Serve until SIGTERM or until the parent is gone."""
    async with AsyncExitStack() as stack:
        stop = _stop_signal(inherited.lifeline)
        store = stack.enter_context(closing(Store(config.database_url)))
        writer = EventWriter(store, Spool(config.spool_dir))
        stack.callback(writer.close, _FLUSH_S)
        history, metrics = CallerHistory(config.call.history_hours), Metrics()

        def submit(event: CallEvent) -> None:
            writer.submit(event)
            history.take(event)
            metrics.take(event)

        journal = Journal(submit)
        audio_socket = socket.socket(fileno=inherited.audiosocket)
        audio = AudioSocketServer(audio_socket, max_sessions=2 * config.speech.capacity)
        await audio.start()
        stack.push_async_callback(audio.close)
        decoders, bind = await asyncio.to_thread(_decoders, config)
        if isinstance(decoders, DecodePool):
            stack.callback(decoders.close)
        switchboard = Switchboard(config.asterisk, journal)
        switchboard.start()
        stack.push_async_callback(asyncio.to_thread, switchboard.close)
        rules = await asyncio.to_thread(_rules, config)
        await asyncio.to_thread(bind, rules.places.phrases)  # so that no call waits for it
        if left_out := rules.places.left_out:
            log.warning("places.too_many", left_out=left_out)
        exchange = Exchange(
            loop=asyncio.get_running_loop(),
            audio=audio,
            audio_address=audio_socket.getsockname()[:2],
            decoders=metrics.counting(decoders),
            bound=bind,
            rules=rules,
            prompts=Prompts.load([f for f in (config.prompts.folder, BUILT_IN_PROMPTS) if f]),
            patience=config.call.patience,
            journal=journal,
            history=history,
            arrived=switchboard.arrived,
        )
        fastagi = FastAgiServer(socket.socket(fileno=inherited.fastagi), exchange.handle)
        fastagi.start()
        stack.push_async_callback(asyncio.to_thread, fastagi.close, _SESSIONS_END_WITHIN_S)
        loading = HistoryLoading(store, history)
        loading.start()
        stack.callback(loading.stop)
        control = ControlServer(config.control_socket, rules.reload)
        await control.start()
        stack.callback(control.close)
        if config.metrics.port:
            served = MetricsServer(metrics.collectors)
            stack.push_async_callback(served.close)
            await served.start(config.metrics.address, config.metrics.port)
        if not sys.stderr.isatty():  # else it means that the terminal is gone, and the log with it: we end
            # Before the pulse says that we are ready: from then on our parent hands SIGHUP down.
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGHUP, lambda: loop.run_in_executor(None, rules.reload))
        pulse = asyncio.create_task(beat(inherited.pulse))
        stack.callback(pulse.cancel)
        log.info("node.ready", pid=os.getpid())
        await stop.wait()
        log.info("node.stopping", pid=os.getpid())


def _stop_signal(lifeline: int) -> asyncio.Event:
    """An event that is set by SIGTERM, by SIGINT, and when the parent is gone."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def orphaned() -> None:
        loop.remove_reader(lifeline)
        log.warning("node.orphaned")
        stop.set()

    loop.add_reader(lifeline, orphaned)
    return stop


def _rules(config: Config) -> LiveRules:
    kept = KeptRules(config.kept_rules, lexicon=config.triage.lexicon, town=config.triage.town)
    places = config.triage.gazetteer
    return LiveRules(
        kept.load,
        lambda: FactFinder(Gazetteer.load(places) if places else None),
        load_last=kept.load_last,
    )


def _decoders(config: Config) -> tuple[Decoders, _Bind]:
    """The pool, and how its model is bound to phrases, which is remembered until a reload brings others."""
    shelf = ModelShelf(BUNDLED_MODEL, config.models_dir)
    try:
        folder = model_folder(shelf, config.speech.model)
        engine = VoskEngine(folder, alternatives=config.speech.alternatives)
    except (AsrError, OSError) as error:
        log.error("speech.missing", error=str(error))  # noqa: TRY400 - the reason is enough, no stack wanted
        return NoDecoders(str(error)), lambda _: None
    log.info("speech.loaded", model=engine.name)
    settings = config.speech
    pool = DecodePool(engine, settings.threads or None, settings.capacity, settings.max_lag_s)
    return pool, lru_cache(maxsize=1)(lambda phrases: engine.bound(phrases) if phrases else None)
