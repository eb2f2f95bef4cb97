"""One call through the deciding path: FastAGI session → audio → dialogue → channel variables (law 4).

The FastAGI session runs on a thread of its own and blocks; the dialogue runs on the asyncio loop. This file is where
they meet. Whatever goes wrong here ends the script, and the dialplan brings the caller to police.
"""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import structlog

from asr.recogniser import Engine
from asr.utterance import Word
from ivr.audiosocket.server import AudioSocketServer
from ivr.call import CallLife
from ivr.decoders import Decoders
from ivr.dialogue import Dialogue, Outcome, Reason
from ivr.fastagi.errors import CallerGone, SessionClosed
from ivr.fastagi.session import AgiSession
from ivr.journal import Journal, call_id_of
from ivr.patience import Patience
from ivr.place_hearing import PlaceHearing
from ivr.prompts import Prompts
from ivr.rules import LiveRules
from records.masking import mask_number
from transfer.caller_history import CallerHistory, History
from transfer.errors import LocationUnreadable
from transfer.geoloc import read_location
from transfer.handoff import channel_variables, geolocation_variables
from transfer.location import CallerLocation
from triage.facts.place_answers import PlaceAnswers

log = structlog.get_logger(__name__)

SCRIPT = "110"
_AUDIO_JOINS_WITHIN_S = 1.0
_PROBE_S = 0.3
_LOOP_ANSWERS_WITHIN_S = 1.0
_TALK_ENDS_WITHIN_S = 2.0
"""From the end of the audio to the outcome: last words of a caller who is gone, and closing the connection."""
_MARGIN_S = 5.0
"""The dialplan's time-out above the dialogue's own limit: it only fires when we are gone."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Handles FastAGI sessions; one is made a node and shared by all its calls."""

    loop: asyncio.AbstractEventLoop
    audio: AudioSocketServer
    audio_address: tuple[str, int]
    decoders: Decoders
    bound: Callable[[Sequence[str]], Engine | None]
    """The speech model as it hears nothing but these phrases; None for none, or where it cannot."""
    rules: LiveRules
    prompts: Prompts
    patience: Patience
    journal: Journal
    history: CallerHistory
    """Told with the call, never asked where it goes."""
    arrived: Callable[[str, str], None]
    """Told of every call: its id and its channel's unique id."""

    def handle(self, session: AgiSession) -> None:
        """One call, on the session's own thread. Raises nothing that matters: the server logs and closes."""
        environment = session.environment
        call_id = call_id_of(environment.uniqueid)
        with structlog.contextvars.bound_contextvars(call_id=call_id):
            if environment.script != SCRIPT:
                log.warning("fastagi.unknown_script", script=environment.script[:60])
                return
            self.arrived(call_id, environment.uniqueid)
            log.info(
                "call.started", caller=mask_number(environment.caller_number), dialled=environment.dialled
            )
            try:
                self._converse(session, call_id)
            except (CallerGone, SessionClosed) as gone:
                # Hung up, taken on by the dialplan's time-out, or we are stopping: AMI will tell how it went on.
                log.info("call.left_the_script", detail=str(gone))
            except Exception as error:
                # Whatever it is: the script ends, the dialplan goes on to police, and the record says why.
                log.exception("call.fault")
                self.journal.fault(call_id, type(error).__name__, str(error))

    def _converse(self, session: AgiSession, call_id: str) -> None:
        environment = session.environment
        sip_call_id = ""
        try:
            self._make_sure_that_we_live()
            # First of all: the dialplan gave us a second and a half; now that we are here, take what we need.
            session.set_variable("TIMEOUT(absolute)", f"{self.patience.listen_limit_s + _MARGIN_S:g}")
            sip_call_id = session.get_full_variable("${CHANNEL(pjsip,call-id)}")
        finally:
            # Also of a caller who is gone already: a session that waited while the node was away (law 5).
            self.journal.started(
                call_id,
                caller=environment.caller_number,
                display_name=environment.caller_name,
                dialled=environment.dialled,
                sip_call_id=sip_call_id,
                channel=environment.channel,
            )
        session.set_variable("__CALL_ID", call_id)
        history = self._recall(session, call_id)
        location = self._locate(session, call_id)
        outcome = self._talk(session, call_id)
        self.journal.decided(call_id, outcome, history)
        decision = outcome.decision
        log.info(
            "call.decided",
            route=decision.route.value,
            category=decision.category,
            reason=outcome.reason.value,
            after_s=round(outcome.after_s, 2),
            lag_s=round(outcome.lag_s, 2),
            calls_before=history.calls,
        )
        if outcome.reason is Reason.HUNG_UP and session.hung_up:
            self._note_facts(call_id, decision.text)
            return  # without: the audio ended, not the call, and whoever takes it should see what was said
        for name, value in channel_variables(decision, location).items():
            session.set_variable(name, value)
        self._note_facts(call_id, decision.text)

    def _note_facts(self, call_id: str, said: str) -> None:
        """Look for places, times, people ... in the words, when the caller's way is set and nobody waits for it."""
        if facts := self.rules.facts.find(said, now=datetime.now().astimezone()):
            self.journal.noted(call_id, facts)

    def _make_sure_that_we_live(self) -> None:
        """Raise TimeoutError when the event loop does not answer: then the dialplan's short limit is to stand."""
        asyncio.run_coroutine_threadsafe(_answer(), self.loop).result(timeout=_LOOP_ANSWERS_WITHIN_S)

    def _recall(self, session: AgiSession, call_id: str) -> History:
        """What is known of earlier calls from this number; told before the talk, which may end in a fault."""
        history = self.history.before(session.environment.caller_number, call_id)
        if history.text:
            session.set_variable("__CALLER_HISTORY", history.text)
        return history

    def _locate(self, session: AgiSession, call_id: str) -> CallerLocation | None:
        try:
            location = read_location(lambda field: session.get_full_variable(f"${{GEOLOC_PROFILE({field})}}"))
        except LocationUnreadable as unreadable:
            log.warning("location.unreadable", detail=str(unreadable))
            self.journal.fault(call_id, "location unreadable", str(unreadable))
            return None
        if location is not None:
            self.journal.located(call_id, location)
            for name, value in geolocation_variables(location).items():
                session.set_variable(name, value)
        return location

    def _talk(self, session: AgiSession, call_id: str) -> Outcome:
        """Join the caller's audio to the dialogue and wait for what it comes to."""
        stream_id = uuid.uuid4()
        talk: Future[Outcome] = asyncio.run_coroutine_threadsafe(
            self._dialogue(stream_id, call_id), self.loop
        )
        gone: CallerGone | None = None
        try:
            self._probe()
            host, port = self.audio_address
            session.execute("TryExec", f"AudioSocket({stream_id},{host}:{port})")
        except CallerGone as error:
            gone = error  # what was said until then still goes into the record
        except BaseException:
            talk.cancel()
            raise
        try:
            return talk.result(timeout=_TALK_ENDS_WITHIN_S)
        except TimeoutError:
            talk.cancel()
            if gone is None:
                raise
            raise gone from None  # before the audio had joined: no fault of ours

    def _probe(self) -> None:
        """Make sure that somebody listens before Asterisk connects.

        A refused AudioSocket connection makes Asterisk close a file descriptor twice and cut other people's calls
        (measured on 22.10.1), so it must never be sent to a port that refuses.
        """
        with closing(socket.create_connection(self.audio_address, timeout=_PROBE_S)):
            log.debug("audiosocket.probed")

    async def _dialogue(self, stream_id: uuid.UUID, call_id: str) -> Outcome:
        with structlog.contextvars.bound_contextvars(call_id=call_id):
            session = await asyncio.wait_for(self.audio.expect(stream_id), _AUDIO_JOINS_WITHIN_S)
            listed = self.rules.places
            try:
                return await Dialogue(
                    CallLife(call_id),
                    session,
                    decoders=self.decoders,
                    triage=self.rules.current,
                    prompts=self.prompts,
                    patience=self.patience,
                    on_utterance=lambda utterance: self.journal.heard(call_id, utterance),
                    places=PlaceHearing(
                        self.decoders,
                        lambda: self.bound(listed.phrases),
                        lambda answer, words: self._note_places(call_id, listed, answer, words),
                    ),
                ).run()
            finally:
                await session.close()

    def _note_places(self, call_id: str, listed: PlaceAnswers, answer: str, words: Sequence[Word]) -> None:
        """What the ear for places heard, where the dictation of the answer has no place of the list."""
        places = listed.read([(word.text, word.confidence) for word in words])
        if places and not listed.has_listed(answer):
            self.journal.noted_by_ear(call_id, places)


async def _answer() -> None:
    """Nothing but a sign of life from the event loop."""
