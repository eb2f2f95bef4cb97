"""The talk with the caller: one open question, listening while speaking, at most one more question, a decision.

The dialogue owns the call until it is decided. It reads one stream of happenings (audio, keys, words, the end of a
prompt, the clock) and walks the table of `ivr.call`. Nothing on its way waits for a database, AMI or a network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from enum import StrEnum

import structlog

from asr.errors import PoolFull
from asr.pool import SpeechStream
from asr.speech_end import EndOfSpeech
from asr.utterance import Utterance
from ivr.audiosocket.errors import AudioSocketError
from ivr.audiosocket.session import Audio, AudioSession, HungUp, Key, Playback, RemoteError
from ivr.call import CallLife, Happening, State
from ivr.decoders import Decoders
from ivr.prompts import Prompts
from triage.decision import Decision, Listening, Route
from triage.engine import Triage

log = structlog.get_logger(__name__)

FRAME_S = 0.02


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a dialogue waits for what, in seconds."""

    listen_limit_s: float = 20.0
    """The whole dialogue; then police. The dialplan's own limit is a little longer."""
    silence_s: float = 3.0
    """No voice at all: ask once, then police."""
    sentence_end_s: float = 0.5
    """A pause after a clear livelihood request: the sentence is over."""
    turn_end_s: float = 1.3
    """A pause after speech that is not clear: the caller waits for us."""
    barge_in_s: float = 0.2
    """So much voice while we speak stops our prompt."""


class Reason(StrEnum):
    """Why the dialogue ended."""

    HEARD = "heard"
    KEY = "key"
    UNCLEAR = "unclear"
    SILENT = "silent"
    LIMIT = "limit"
    SHED = "shed"
    FAULT = "fault"
    HUNG_UP = "hung_up"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the dialogue came to. `after_s` counts from the first audio; `decision` is police unless clearly not."""

    decision: Decision
    reason: Reason
    after_s: float


@dataclass(frozen=True, slots=True)
class _PromptEnded:
    playback: Playback


@dataclass(frozen=True, slots=True)
class _Failed:
    what: str
    error: BaseException


_Heard = Audio | Key | RemoteError | HungUp | Utterance | _PromptEnded | _Failed


class Dialogue:
    """One caller's dialogue. Create it when the audio has joined, then await `run`."""

    def __init__(
        self,
        life: CallLife,
        session: AudioSession,
        *,
        decoders: Decoders,
        triage: Triage,
        prompts: Prompts,
        patience: Patience,
        on_utterance: Callable[[Utterance], None],
    ) -> None:
        """`on_utterance` is told of every final utterance, for the record; it must not block."""
        self._life = life
        self._session = session
        self._decoders = decoders
        self._triage = triage
        self._prompts = prompts
        self._patience = patience
        self._on_utterance = on_utterance
        self._loop = asyncio.get_running_loop()
        self._happenings: asyncio.Queue[_Heard] = asyncio.Queue()
        self._voice = EndOfSpeech()
        self._finals: list[Utterance] = []
        self._partial: Utterance | None = None
        self._playback: Playback | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._began = self._turn_began = self._last_voice = self._loop.time()
        self._voiced_run_s = 0.0
        self._turn_has_voice = False
        self._verdict: tuple[Listening, Decision] = (Listening.KEEP_LISTENING, triage.decide(""))

    async def run(self) -> Outcome:
        """Talk until the call is decided or gone. Never raises for what a caller or a decoder does."""
        try:
            stream = self._decoders.open(self._from_decoder, self._from_failed_decoder)
        except PoolFull as full:
            log.warning("speech.shed", reason=str(full))
            self._life.step(Happening.SHED)
            return self._police(Reason.SHED)
        self._life.step(Happening.AUDIO_JOINED)
        try:
            self._say("greeting")
            self._start(self._pump())
            return await self._listen(stream)
        finally:
            stream.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- the one loop ------------------------------------------------------------------------------------

    async def _listen(self, stream: SpeechStream) -> Outcome:
        limit = self._began + self._patience.listen_limit_s
        while True:
            outcome = self._judge_pause()
            if outcome is not None:
                return outcome
            try:
                async with asyncio.timeout_at(min(limit, self._next_pause())):
                    happening = await self._happenings.get()
            except TimeoutError:
                if self._loop.time() >= limit:
                    self._life.step(Happening.LIMIT_REACHED)
                    return self._final_word(Reason.LIMIT)
                continue
            outcome = self._take(happening, stream)
            if outcome is not None:
                return outcome

    def _take(self, happening: _Heard, stream: SpeechStream) -> Outcome | None:
        match happening:
            case Audio(pcm=pcm):
                stream.feed(pcm)
                self._listen_for_voice(pcm)
            case Utterance():
                return self._take_words(happening)
            case Key(digit=digit):
                log.info("caller.key", digit=digit)
                self._life.step(Happening.KEY_PRESSED)
                return self._police(Reason.KEY)
            case RemoteError(code=code):
                log.warning("audiosocket.error", code=code)
            case HungUp():
                self._life.step(Happening.HUNG_UP)
                return self._police(Reason.HUNG_UP)
            case _PromptEnded(playback=playback):
                if playback is self._playback:
                    self._playback = None
                    self._caller_has_the_floor(Happening.PROMPT_ENDED)
            case _Failed(what=what, error=error):
                log.error("dialogue.failed", what=what, error=repr(error))
                self._life.step(Happening.FAULT)
                return self._police(Reason.FAULT)
        return None

    def _take_words(self, utterance: Utterance) -> Outcome | None:
        if utterance.is_final:
            self._partial = None
            if not utterance.text:
                return None
            self._finals.append(utterance)
            self._on_utterance(utterance)
        else:
            self._partial = utterance
        if self.text:
            self._turn_has_voice = True
            self._stop_prompt()
            self._verdict = self._triage.listen(self.text, self._confidence)
        verdict, decision = self._verdict
        if verdict is Listening.POLICE_NOW:
            self._life.step(Happening.POLICE_HEARD)
            return self._outcome(decision, Reason.HEARD)
        return None

    def _judge_pause(self) -> Outcome | None:
        """What a pause means: the end of a clear request, of an unclear one, or silence."""
        if self._life.state not in (State.LISTENING, State.LISTENING_AGAIN) or self._voice.speaking:
            return None
        now, patience = self._loop.time(), self._patience
        pause = now - max(self._last_voice, self._turn_began)
        verdict, _ = self._verdict
        if (
            verdict is Listening.LIVELIHOOD_CLEAR
            and self._turn_has_voice
            and pause >= patience.sentence_end_s
        ):
            decision = self._triage.decide(self.text, self._confidence, words=self._words)
            if decision.route is Route.MINSHENG:
                self._life.step(Happening.LIVELIHOOD_HEARD)
                return self._outcome(decision, Reason.HEARD)
        if self._turn_has_voice and pause >= patience.turn_end_s:
            return self._unclear(Happening.UNCLEAR, Reason.UNCLEAR, question="ask_again")
        if not self._turn_has_voice and pause >= patience.silence_s:
            return self._unclear(Happening.SILENT, Reason.SILENT, question="silent_prompt")
        return None

    def _next_pause(self) -> float:
        """Loop time at which a pause may next mean something, should nothing more be heard."""
        if self._life.state not in (State.LISTENING, State.LISTENING_AGAIN):
            return float("inf")
        since, patience = max(self._last_voice, self._turn_began), self._patience
        if not self._turn_has_voice:
            return since + patience.silence_s
        now = self._loop.time()
        marks = (since + patience.sentence_end_s, since + patience.turn_end_s)
        return next((mark for mark in marks if mark > now), now + patience.turn_end_s)

    def _unclear(self, happening: Happening, reason: Reason, *, question: str) -> Outcome | None:
        if self._life.step(happening) is State.DECIDED:
            return self._final_word(reason)
        log.info("call.asked", question=question)
        self._say(question)
        return None

    # -- speaking and hearing ------------------------------------------------------------------------------

    def _say(self, key: str) -> None:
        self._playback = self._session.play(self._prompts[key])
        self._start(self._wait_for(self._playback))

    async def _wait_for(self, playback: Playback) -> None:
        await playback
        self._happenings.put_nowait(_PromptEnded(playback))

    async def _pump(self) -> None:
        try:
            async for event in self._session:
                self._happenings.put_nowait(event)
            self._happenings.put_nowait(HungUp())
        except AudioSocketError as error:
            self._happenings.put_nowait(_Failed("audio", error))

    def _listen_for_voice(self, pcm: bytes) -> None:
        self._voice.feed(pcm)
        if not self._voice.speaking:
            self._voiced_run_s = 0.0
            return
        self._last_voice = self._loop.time()
        self._voiced_run_s += len(pcm) / 16000
        if self._voiced_run_s >= self._patience.barge_in_s:
            self._turn_has_voice = True
            self._stop_prompt()

    def _stop_prompt(self) -> None:
        """Barge-in: the caller speaks, so we stop at once."""
        if self._playback is not None:
            self._playback.stop()
            self._playback = None
            self._caller_has_the_floor(Happening.CALLER_SPEAKS)

    def _caller_has_the_floor(self, happening: Happening) -> None:
        spoke_already = happening is Happening.CALLER_SPEAKS
        self._life.step(happening)
        self._turn_began = self._loop.time()
        self._turn_has_voice = spoke_already

    def _from_decoder(self, utterance: Utterance) -> None:
        self._loop.call_soon_threadsafe(self._happenings.put_nowait, utterance)

    def _from_failed_decoder(self, error: BaseException) -> None:
        self._loop.call_soon_threadsafe(self._happenings.put_nowait, _Failed("speech", error))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- what was said -------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """Everything heard so far, the unfinished part included."""
        return "，".join(u.text for u in (*self._finals, self._partial) if u is not None and u.text)

    @property
    def _words(self) -> list[tuple[str, float]]:
        return [(word.text, word.confidence) for utterance in self._finals for word in utterance.words]

    @property
    def _confidence(self) -> float:
        """Of the finished parts, weighted by length; an unfinished part has none yet and counts as certain."""
        finished = [(u.confidence, len(u.text)) for u in self._finals if u.words]
        characters = sum(length for _, length in finished)
        return sum(c * length for c, length in finished) / characters if characters else 1.0

    def _final_word(self, reason: Reason) -> Outcome:
        """Asked and waited enough: what stands now counts, and police where it is not clear."""
        decision = self._triage.decide(self.text, self._confidence, words=self._words)
        if decision.route is Route.MINSHENG and reason is not Reason.SILENT:
            return self._outcome(decision, reason)
        return self._police(reason)

    def _police(self, reason: Reason) -> Outcome:
        decision = self._triage.decide(self.text, self._confidence, words=self._words)
        flags = tuple(dict.fromkeys((*decision.flags, reason.value)))
        if decision.route is Route.MINSHENG:
            # Law 1: a key, a fault or an overload outranks what was understood so far.
            unclear = self._triage.decide("")
            decision = replace(unclear, text=self.text, evidence=decision.evidence, flags=flags)
        return self._outcome(replace(decision, flags=flags), reason)

    def _outcome(self, decision: Decision, reason: Reason) -> Outcome:
        return Outcome(decision, reason, self._loop.time() - self._began)
