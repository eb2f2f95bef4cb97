"""The engine behind everything: libvosk, through its own Python package.

What was measured with libvosk 0.3.45 and shapes this file:
- The partial text without words is the best path: immediate, and free. With SetPartialWords it comes from the
  lattice, which trails by up to two seconds, and costs up to 28 ms a call on mumbling (20 ms of audio each:
  1.4 times real time, against 0.07 without). So the text is always the best path's, and the lattice is asked
  only when the text has changed, at most once a second of audio.
- Word times run on over endpoints and FinalResult; they are seconds from the recogniser's first sample.
- With SetMaxAlternatives(n) a final answer lists n guesses with scores, and words without confidences; partial answers
  stay as they are. An answer can be fetched once, so it is either that or confidences. 100 guesses cost a sixth of
  the decoding on top, most of it at the end of the utterance (0.04 s); 10 cost a fiftieth.
- Where the model has a look-ahead pair, a recogniser can be bound to phrases in its own words. With 300 it is made
  in 0.002 s, with 2,000 in 0.008 s, and takes 0.1 to 0.3 MB (the first one 1.4); 1 s of noise costs it 0.025 s.
- Given audio below the model's rate it refuses ("Sampling frequency mismatch"), so 16 kHz models get
  resampled audio.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import structlog
import vosk

from asr.alternatives import of_all
from asr.errors import ModelBroken, RecogniserFailed
from asr.guesses import understood
from asr.model_files import check, sample_rate, takes_grammars
from asr.recogniser import SAMPLE_BYTES, SAMPLE_RATE, Engine, Recogniser
from asr.resampler import Resampler, resampler_for
from asr.utterance import UNKNOWN, Alternative, Utterance, Word, join
from asr.vosk_json import Heard, agreeing, parse, parse_guesses

_LOG = structlog.get_logger(__name__)

_ERRORS_ONLY = -2  # libvosk's log level (Kaldi's kError): errors still reach standard error
_GUESSES = (
    100  # asked for where alternatives are wanted: of fewer the words' confidences would be much too high
)
_LATTICE_EVERY_S = 1.0  # seconds of audio between two looks at the lattice; see the head of this file


class VoskEngine:
    """A model loaded by libvosk; shared by all calls, thread-safe."""

    def __init__(self, model_dir: Path, *, name: str | None = None, alternatives: int = 0) -> None:
        """Load the model in `model_dir` (blocking: 0.03 s for the bundled one, many seconds for a big one).

        `alternatives`: how many other readings a final utterance has at most; 0: none, and better confidences.
        Raises ModelNotFound or ModelBroken.
        """
        self._alternatives = alternatives
        check(model_dir)
        self.name = name or model_dir.name
        self.sample_rate = sample_rate(model_dir)  # Hz, what the model wants
        self._takes_grammars = takes_grammars(model_dir)
        vosk.SetLogLevel(_ERRORS_ONLY)
        try:
            self._model = vosk.Model(str(model_dir.resolve()))
        except Exception as error:
            raise ModelBroken(
                f"libvosk 无法加载语音模型 {self.name}（{model_dir}）。请重新安装该模型，"
                "或用 python -m ivr model use 换用另一个。"
            ) from error

    def open(self) -> Recogniser:
        """Make a recogniser for one call. Raises RecogniserFailed when the model does not fit itself."""
        return self._recogniser(alternatives=self._alternatives)

    def bound(self, phrases: Iterable[str]) -> Engine | None:
        """Return this model as it hears nothing but these phrases, in any order, and sounds that are none of them.

        A phrase with a character that the model does not know is left out. None where nothing is left, or where the
        model cannot be bound, which is logged.
        """
        if not self._takes_grammars:
            _LOG.info("speech.takes_no_grammar", model=self.name)
            return None
        known = dict.fromkeys(" ".join(words) for phrase in phrases if (words := self._cut(phrase)))
        if not known:
            return None
        grammar = json.dumps([*known, UNKNOWN], ensure_ascii=False)
        return _BoundEngine(self.name, lambda: self._recogniser(grammar))

    def _cut(self, phrase: str) -> list[str]:
        """Cut a phrase into the model's words, longest first; nothing where a character is unknown to it."""
        words: list[str] = []
        while phrase:
            ends = range(len(phrase), 0, -1)
            end = next((end for end in ends if self._model.vosk_model_find_word(phrase[:end]) >= 0), 0)
            if not end:
                return []
            words.append(phrase[:end])
            phrase = phrase[end:]
        return words

    def _recogniser(self, *grammar: str, alternatives: int = 0) -> Recogniser:
        """Make a recogniser of the model's own language, or of a grammar, as JSON."""
        try:
            recogniser = vosk.KaldiRecognizer(self._model, float(self.sample_rate), *grammar)
        except Exception as error:
            raise RecogniserFailed(
                f"语音模型 {self.name} 无法建立识别器（网络与特征不匹配?）。请换用另一个模型。"
            ) from error
        recogniser.SetWords(True)
        recogniser.SetMaxAlternatives(_GUESSES if alternatives else 0)
        return VoskRecogniser(recogniser, resampler_for(self.sample_rate), alternatives=alternatives)


class _BoundEngine:
    """A loaded model bound to phrases; shared by all calls, thread-safe."""

    def __init__(self, name: str, make: Callable[[], Recogniser]) -> None:
        self.name = name
        self._make = make

    def open(self) -> Recogniser:
        """Make a recogniser for one call; see Engine.open."""
        return self._make()


class VoskRecogniser:
    """One call's recogniser. `recogniser` is a vosk.KaldiRecognizer (anything with its methods).

    Where `alternatives` are wanted, it answers with guesses.
    """

    def __init__(self, recogniser: Any, resampler: Resampler | None = None, *, alternatives: int = 0) -> None:
        self._vosk = recogniser
        self._resampler = resampler
        self._alternatives = alternatives
        self._half = b""  # first byte of a sample whose second has not come yet
        self._tokens: tuple[str, ...] = ()  # the partial result last reported
        self._words: tuple[Word, ...] = ()  # the lattice's words for it
        self._heard_s = 0.0  # seconds of audio accepted
        self._lattice_due_s = _LATTICE_EVERY_S

    def accept(self, pcm: bytes) -> Utterance | None:
        """Decode s16le mono 8 kHz; see Recogniser.accept."""
        pcm = self._half + pcm
        whole = len(pcm) - len(pcm) % SAMPLE_BYTES
        pcm, self._half = pcm[:whole], pcm[whole:]
        if not pcm:
            return None
        self._heard_s += len(pcm) / (SAMPLE_BYTES * SAMPLE_RATE)
        if self._resampler is not None:
            pcm = self._resampler.push(pcm)
            if not pcm:
                return None
        if not self._decode(pcm):
            return self._partial()
        retracts = bool(self._tokens)  # an empty final one is news when something was reported before
        final = self._final("Result")
        return final if retracts or final.words or final.text or final.alternatives else None

    def finish(self) -> Utterance:
        """Return what is left as a final utterance."""
        rest = self._resampler.flush() if self._resampler is not None else b""
        if rest and self._decode(rest):  # an endpoint in the very last piece: two results, one utterance
            ended, tail = self._final("Result"), self._final("FinalResult")
            return Utterance(
                join((ended.text, tail.text)),
                is_final=True,
                words=ended.words + tail.words,
                alternatives=of_all((ended, tail), join, self._alternatives),
            )
        return self._final("FinalResult")

    def _decode(self, pcm: bytes) -> bool:
        """Give audio to libvosk; True at the end of an utterance."""
        try:
            return bool(self._vosk.AcceptWaveform(pcm))
        except Exception as error:
            raise RecogniserFailed(
                "libvosk 无法处理音频（采样率或模型有误）。请用 python -m asr 检查模型。"
            ) from error

    def _partial(self) -> Utterance | None:
        """Return the words so far when they are not those last reported."""
        heard = parse(self._answer("PartialResult"), text="partial", words="partial_result")
        if heard is None or heard.tokens == self._tokens:
            return None
        self._tokens = heard.tokens
        if self._heard_s >= self._lattice_due_s:
            self._lattice_due_s = self._heard_s + _LATTICE_EVERY_S
            self._vosk.SetPartialWords(True)
            lattice = parse(self._answer("PartialResult"), text="partial", words="partial_result")
            self._vosk.SetPartialWords(False)
            self._words = lattice.words if lattice is not None else ()
        return Utterance(join(heard.tokens), is_final=False, words=agreeing(self._words, heard.tokens))

    def _final(self, method: str) -> Utterance:
        """End the utterance; when libvosk's answer is unreadable, the last partial text stands for it."""
        heard, others = self._understood(self._answer(method))
        tokens, words = (self._tokens, ()) if heard is None else (heard.tokens, heard.words)
        self._tokens, self._words = (), ()
        return Utterance(join(tokens), is_final=True, words=words, alternatives=others)

    def _understood(self, answer: str) -> tuple[Heard | None, tuple[Alternative, ...]]:
        """Read a final answer; None when it is unreadable."""
        if not self._alternatives:
            return parse(answer, text="text", words="result"), ()
        guesses = parse_guesses(answer)
        return understood(guesses, self._alternatives) if guesses else (None, ())

    def _answer(self, method: str) -> str:
        """Ask libvosk; an answer that is not UTF-8 counts as an unreadable one."""
        try:
            return str(getattr(self._vosk, method)())
        except UnicodeDecodeError as error:
            _LOG.warning("vosk_answer_not_utf8", method=method, error=str(error))
            return ""
