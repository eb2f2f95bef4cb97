"""The talk with the caller: one open question, listening while speaking, at most one more question, a decision.

The dialogue owns the call until it is decided. It reads one stream of happenings (audio, keys, words, the end of a
prompt, the clock) and walks the table of `ivr.call`. Nothing on its way waits for a database, AMI or a network.

A police word decides in mid-sentence, on the words as they come. Everything else is decided at a pause, and only when
all that was said before it has been decoded to its end: words so far have no confidence, and decoding may lag.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum

import structlog

from asr.errors import PoolError
from asr.faint_sounds import FaintSounds
from asr.utterance import Utterance
from ivr.audiosocket.session import Audio, AudioSession, HungUp, Key, Playback, RemoteError
from ivr.call import CallLife, Happening, State
from ivr.decoders import Decoders
from ivr.hearing import Hearing
from ivr.patience import Patience
from ivr.place_hearing import PlaceHearing
from ivr.prompts import Prompts
from ivr.said import Said
from ivr.turn import GAP_S, Turn
from triage.decision import Decision, Listening, Route
from triage.engine import OPINION, Triage
from triage.questions import Danger, Question

log = structlog.get_logger(__name__)

_PROMPTS = {
    Question.AGAIN: "ask_again",
    Question.DANGER: "ask_danger",
    Question.PLACE: "ask_place",
}
_LISTENS = (State.LISTENING, State.LISTENING_AGAIN)
_STALL_S = 0.1
"""Audio comes every 0.02 s: longer between two looks means that none came, or that we did not run."""
_PASSES_TO_HERE = 3
"""Of the event loop, from a socket that can be read to a happening here: read, pump, and one to spare."""
_VOICE_S = 0.5
"""So much voice in all, and no word of it: somebody speaks whom we do not understand. Less may be a cough."""
_NOISY_DB = -35.0
"""Of full scale. A caller's voice has -30 to -15: in a line's own noise of this strength it may drown unheard."""
_LAST_WORDS_WITHIN_S = 3.0
"""Decoding what was said takes 0.05 s. Lagging by more than this is a fault: nobody waits for a computer."""
_HEAR_OUT_S = 0.5
"""So long the last words of a caller who has hung up are waited for, for the record."""


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
    """What the dialogue came to. `decision` is police unless clearly not."""

    decision: Decision
    reason: Reason
    after_s: float
    """Seconds from the first audio."""
    lag_s: float
    """So many seconds lagged decoding behind this call's audio at worst; 0.0 for a call that was not listened to."""


@dataclass(frozen=True, slots=True)
class _PromptEnded:
    playback: Playback


@dataclass(frozen=True, slots=True)
class _LastWords:
    """Everything said before they were asked for is in words now."""

    utterance: Utterance


@dataclass(frozen=True, slots=True)
class _Failed:
    what: str
    error: BaseException


_Heard = Audio | Key | RemoteError | HungUp | Utterance | _LastWords | _PromptEnded | _Failed


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
        places: PlaceHearing,
    ) -> None:
        """`on_utterance` is told of every final utterance, for the record; it must not block.

        `places` hears the answer to the question for the place, for the record too; nothing here depends on it.
        """
        self._life = life
        self._session = session
        self._triage = triage
        self._prompts = prompts
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._happenings: asyncio.Queue[_Heard] = asyncio.Queue()
        self._hearing = Hearing(
            decoders,
            on_words=self._happenings.put_nowait,
            on_last_words=lambda utterance: self._happenings.put_nowait(_LastWords(utterance)),
            on_failure=lambda error: self._happenings.put_nowait(_Failed("speech", error)),
        )
        self._places = places
        self._said = Said(on_utterance)
        self._playback: Playback | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._began = self._looked_at = self._loop.time()
        self._turn = Turn(self._began)
        self._faint = FaintSounds()
        self._taps_before = 0
        self._limit = self._began + patience.listen_limit_s
        self._asked_at = self._heard_until = float("-inf")
        self._question: Question | None = None
        self._danger = Danger.UNKNOWN
        self._verdict: tuple[Listening, Decision] = (Listening.KEEP_LISTENING, triage.decide(""))

    async def run(self) -> Outcome:
        """Talk until the call is decided or gone. Never raises for what a caller or a decoder does."""
        try:
            self._hearing.open()
        except PoolError as none_free:
            log.warning("speech.shed", reason=str(none_free))
            self._life.step(Happening.SHED)
            return self._police(Reason.SHED)
        self._life.step(Happening.AUDIO_JOINED)
        try:
            self._say("greeting")
            self._start(self._pump())
            return await self._listen()
        finally:
            self._hearing.cancel()
            self._places.end(self._said.answer)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- the one loop ------------------------------------------------------------------------------------

    async def _listen(self) -> Outcome:
        while True:
            # What has happened already comes before what a pause means: a key, or a voice after a stall of ours.
            await self._catch_up()
            outcome = self._judge_pause() if self._happenings.empty() else None
            if outcome is not None:
                return outcome
            if self._loop.time() >= self._limit:
                self._life.step(Happening.LIMIT_REACHED)
                return self._final_word(Reason.LIMIT)
            try:
                async with asyncio.timeout_at(min(self._limit, self._next_mark())):
                    happening = await self._happenings.get()
            except TimeoutError:
                continue
            if isinstance(happening, HungUp):
                await self._hear_out()
            outcome = self._take(happening)
            if outcome is not None:
                return outcome

    async def _catch_up(self) -> None:
        """After a stall of this process, let in what waits in the kernel, before the clock is asked."""
        if self._loop.time() - self._looked_at > _STALL_S:
            for _ in range(_PASSES_TO_HERE):
                await asyncio.sleep(0)
        self._looked_at = self._loop.time()

    def _take(self, happening: _Heard) -> Outcome | None:  # noqa: PLR0911 - one way out for each happening
        match happening:
            case Audio(pcm=pcm):
                return self._take_audio(pcm)
            case Utterance():
                self._take_words(happening)
                return self._judge_words()
            case _LastWords(utterance=utterance):
                self._heard_until = self._asked_at
                self._said.keep(utterance)
                return self._judge_words()
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
                return self._fault()
        return None

    def _take_audio(self, pcm: bytes) -> Outcome | None:
        voice_s = self._turn.hear(pcm, self._loop.time(), self._session.sounding)
        self._hearing.feed(self._turn.audible)
        self._places.feed(self._turn.audible)
        self._faint.feed(pcm)
        if voice_s >= self._patience.barge_in_s:
            self._turn.has_voice = True
            self._stop_prompt()
        if self._waits_for_a_sign and self._faint.taps > self._taps_before:
            self._life.step(Happening.TAP_HEARD)
            return self._police(Reason.SILENT)
        return None

    def _take_words(self, utterance: Utterance) -> None:
        before = self.text
        self._said.keep(utterance)
        if utterance.text and self.text != before and self._turn.note_words(self._loop.time()):
            self._stop_prompt()

    def _judge_words(self) -> Outcome | None:
        # Of the same words too, whose confidence may be known now, and of fewer: a recogniser takes words back.
        if self._question is Question.DANGER:
            said = self._said
            self._danger = self._triage.answer(said.answer, said.answer_confidence, words=said.answer_words)
        self._verdict = self._triage.listen(self._said.text, self._said.confidence, danger=self._danger)
        verdict, decision = self._verdict
        if verdict is Listening.POLICE_NOW:
            self._life.step(Happening.POLICE_HEARD)
            return self._outcome(decision, Reason.HEARD)
        return None

    def _judge_pause(self) -> Outcome | None:
        """What a pause means: the end of a clear request, of an unclear one, or silence."""
        now, patience = self._loop.time(), self._patience
        if self._hearing.asked:
            return self._fault() if now >= self._asked_at + _LAST_WORDS_WITHIN_S else None
        if self._life.state not in _LISTENS or self._turn.speaks(now):
            return None
        pause = patience.silence_s
        if self._turn.has_voice:
            clear = self._verdict[0] is Listening.LIVELIHOOD_CLEAR
            ended = clear and not self._turn.is_faint(len(self.text))
            pause = patience.sentence_end_s if ended else patience.turn_end_s
        if now < self._turn.quiet_since + pause:
            return None
        if not self._turn.has_voice:
            return self._unclear(Happening.SILENT, Reason.SILENT)
        if self._heard_until < self._turn.last_voice:
            self._asked_at = now
            self._hearing.ask()
            return None
        return self._judge_sentence(now)

    def _judge_sentence(self, now: float) -> Outcome | None:
        """The caller pauses, and every word until here is known."""
        if self._verdict[0] is Listening.LIVELIHOOD_CLEAR:
            decision = self._decide()
            if decision.route is Route.MINSHENG:
                self._life.step(Happening.LIVELIHOOD_HEARD)
                return self._outcome(decision, Reason.HEARD)
        if now >= self._turn.quiet_since + self._patience.turn_end_s:
            return self._unclear(Happening.UNCLEAR, Reason.UNCLEAR)
        return None

    def _next_mark(self) -> float:
        """Loop time at which the clock alone may next change what `_judge_pause` says."""
        now, since, patience = self._loop.time(), self._turn.quiet_since, self._patience
        marks = (
            self._turn.last_audio + GAP_S,
            since + patience.sentence_end_s,
            since + patience.turn_end_s,
            since + patience.silence_s,
            self._asked_at + _LAST_WORDS_WITHIN_S,
        )
        return min((mark for mark in marks if mark > now), default=float("inf"))

    def _unclear(self, happening: Happening, reason: Reason) -> Outcome | None:
        """Ask the one question that fits what was heard; after it, the final word."""
        if self._life.step(happening) is State.DECIDED:
            return self._final_word(reason)
        prompt = "silent_prompt"
        if reason is Reason.UNCLEAR:
            self._question = self._triage.question(self._verdict[1])
            prompt = _PROMPTS[self._question]
        self._said.question_asked()
        if self._question is Question.DANGER:
            self._danger = Danger.UNANSWERED
        elif self._question is Question.PLACE:
            self._places.begin()
        log.info("call.asked", question=prompt)
        self._say(prompt)
        return None

    async def _hear_out(self) -> None:
        """Wait a moment for the last words of a caller who is gone: nothing said is lost (law 5)."""
        self._hearing.ask()
        with suppress(TimeoutError):
            async with asyncio.timeout(_HEAR_OUT_S):
                while not isinstance(happening := await self._happenings.get(), _Failed):
                    if isinstance(happening, Utterance):
                        self._said.keep(happening)
                    elif isinstance(happening, _LastWords):
                        self._said.keep(happening.utterance)
                        return

    # -- speaking and hearing ------------------------------------------------------------------------------

    def _say(self, key: str) -> None:
        self._playback = self._session.play(self._prompts[key])
        self._start(self._wait_for(self._playback))

    async def _wait_for(self, playback: Playback) -> None:
        await playback
        self._happenings.put_nowait(_PromptEnded(playback))

    async def _pump(self) -> None:
        async for event in self._session:
            self._happenings.put_nowait(event)
        self._happenings.put_nowait(HungUp())

    def _stop_prompt(self) -> None:
        """Barge-in: the caller speaks, so we stop at once."""
        if self._playback is not None:
            self._playback.stop()
            self._playback = None
            self._caller_has_the_floor(Happening.CALLER_SPEAKS)

    def _caller_has_the_floor(self, happening: Happening) -> None:
        self._life.step(happening)
        self._turn.begin(self._loop.time(), spoke_already=happening is Happening.CALLER_SPEAKS)
        self._taps_before = self._faint.taps  # what our own prompt brought back is no tap

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._happenings.put_nowait(_Failed("audio", error))

    # -- the end -------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """Everything heard so far, the unfinished part included."""
        return self._said.text

    def _final_word(self, reason: Reason) -> Outcome:
        """Asked and waited enough: what stands now counts, and police where it is not clear or not at its end."""
        decision = self._decide()
        unfinished = self._said.unfinished or self._hearing.asked or self._heard_until < self._turn.last_voice
        at_its_end = not unfinished and not self._turn.speaks(self._loop.time())
        # no police word stands, not even a weak one
        clear = self._verdict[0] is Listening.LIVELIHOOD_CLEAR or OPINION in decision.flags
        if decision.route is Route.MINSHENG and clear and reason is not Reason.SILENT and at_its_end:
            return self._outcome(decision, reason)
        return self._police(reason)

    def _decide(self) -> Decision:
        said = self._said
        return self._triage.decide(
            said.text,
            said.confidence,
            words=said.words,
            danger=self._danger,
            alternatives=said.alternatives,
            voice=self._turn.voice_s >= _VOICE_S,
        )

    def _sounds(self, reason: Reason) -> list[str]:
        """What a caller who does not speak has given instead, and noise in which nobody would be heard."""
        if reason is not Reason.SILENT:
            return []
        noisy = self._turn.noise_db >= _NOISY_DB
        heard = {"tap": self._faint.taps, "breath": self._faint.breaths, "noise": noisy}
        return [name for name, count in heard.items() if count]

    @property
    def _waits_for_a_sign(self) -> bool:
        """Whether a caller who said nothing has been asked for a key or a tap.

        Words without a voice are nothing said: in taps a recogniser hears a word now and then.
        """
        if self._question is not None or self._life.state is not State.LISTENING_AGAIN:
            return False
        return not self._turn.has_voice or self._turn.is_faint(len(self.text))

    def _fault(self) -> Outcome:
        self._life.step(Happening.FAULT)
        return self._police(Reason.FAULT)

    def _police(self, reason: Reason) -> Outcome:
        decision = self._decide()
        flags = tuple(dict.fromkeys((*decision.flags, reason.value, *self._sounds(reason))))
        if decision.route is Route.MINSHENG:
            # Law 1: a key, a fault or an overload outranks what was understood so far. Not trusting a word of it
            # (confidence 0) is what triage has for that; the evidence stays.
            decision = self._triage.decide(self._said.text, 0.0, alternatives=self._said.alternatives)
        return self._outcome(replace(decision, flags=flags), reason)

    def _outcome(self, decision: Decision, reason: Reason) -> Outcome:
        return Outcome(decision, reason, self._loop.time() - self._began, self._hearing.lag_s)
