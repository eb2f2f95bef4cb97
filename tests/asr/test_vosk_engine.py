"""The Vosk engine with the real libvosk and the real model; libvosk's bad days are played by a stand-in."""

import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asr.errors import ModelBroken, ModelNotFound, RecogniserFailed
from asr.g711 import Samples
from asr.recogniser import Engine, Recogniser
from asr.resampler import Resampler
from asr.utterance import UNKNOWN, Alternative, Utterance
from asr.vosk_engine import VoskEngine, VoskRecogniser
from tests.asr.conftest import Say

PIPE = "我们小区的水管爆裂了"
ROB = "有人抢劫，你们快来"
PAUSE = np.zeros(16_000, dtype=np.int16)


def listen(recogniser: Recogniser, samples: Samples, piece: int = 160) -> list[Utterance]:
    """Decode as a call would; every report in order, the final one of finish() last."""
    pcm = samples.astype("<i2").tobytes()
    reports = [recogniser.accept(pcm[at : at + 2 * piece]) for at in range(0, len(pcm), 2 * piece)]
    return [report for report in reports if report is not None] + [recogniser.finish()]


def test_it_is_an_engine(engine: VoskEngine, model_dir: Path) -> None:
    served: Engine = engine
    assert served.name == model_dir.name
    assert VoskEngine(model_dir, name="bundled").name == "bundled"


@pytest.mark.parametrize(("sentence", "written"), [(PIPE, PIPE), ("有人抢劫，你们快来", "有人抢劫你们快来")])
def test_words_are_recognised(engine: VoskEngine, say: Say, sentence: str, written: str) -> None:
    final = listen(engine.open(), say(sentence))[-1]
    assert final.text == written
    assert "".join(word.text for word in final.words) == written
    assert final.confidence > 0.7


@pytest.fixture(scope="module")
def guessing(model_dir: Path) -> VoskEngine:
    """The same engine, which also tells what else it may have been."""
    return VoskEngine(model_dir, alternatives=5)


def noisy(samples: Samples) -> Samples:
    noise = np.random.default_rng(1).normal(0, 3000, len(samples))
    return np.clip(samples + noise, -32767, 32767).astype(np.int16)


def test_there_are_no_alternatives_unless_wanted(engine: VoskEngine, say: Say) -> None:
    assert all(report.alternatives == () for report in listen(engine.open(), noisy(say(PIPE))))


def test_noise_leaves_alternatives(guessing: VoskEngine, say: Say) -> None:
    clear, doubtful = (listen(guessing.open(), sound)[-1] for sound in (say(PIPE), noisy(say(PIPE))))
    assert clear.text == PIPE
    assert clear.confidence > 0.9
    assert sum(other.share for other in clear.alternatives) < 0.1
    assert "".join(word.text for word in doubtful.words) == doubtful.text
    assert 1 < len(doubtful.alternatives) <= 5
    assert 0 < doubtful.confidence <= 1
    shares = [other.share for other in doubtful.alternatives]
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) < 1
    assert doubtful.text not in [other.text for other in doubtful.alternatives]
    assert all(" " not in other.text for other in doubtful.alternatives)


def test_partials_are_the_same_with_alternatives(engine: VoskEngine, guessing: VoskEngine, say: Say) -> None:
    sound = noisy(np.concatenate([say(PIPE), say(ROB)]))
    with_them, without = (
        [report for report in listen(ears.open(), sound) if not report.is_final]
        for ears in (guessing, engine)
    )
    assert with_them == without
    assert any(report.words for report in with_them)


def test_partials_grow_and_only_changes_are_reported(engine: VoskEngine, say: Say) -> None:
    reports = listen(engine.open(), say(PIPE))
    partials = [report for report in reports if not report.is_final]
    assert len(partials) >= 3
    assert all(before.text != after.text for before, after in pairwise(partials))
    assert len(partials) < 40  # of some 120 pieces that were fed


def test_a_word_is_reported_soon_after_it_was_spoken(engine: VoskEngine, say: Say) -> None:
    """The best path is reported, not the lattice: that would come more than a second later."""
    recogniser = engine.open()
    pcm = say(ROB).astype("<i2").tobytes()
    known_s = 0.0
    for at in range(0, len(pcm), 320):
        report = recogniser.accept(pcm[at : at + 320])
        if report is not None and "抢劫" in report.text:
            known_s = (at + 320) / 16_000
            break
    spoken_s = next(word.end_s for word in listen(engine.open(), say(ROB))[-1].words if "劫" in word.text)
    assert 0.0 < known_s < spoken_s + 0.8


def test_partial_words_belong_to_the_beginning_of_the_text(engine: VoskEngine, say: Say) -> None:
    reports = listen(engine.open(), np.concatenate([say(PIPE), say(ROB)]))
    with_words = [report for report in reports if report.words and not report.is_final]
    assert with_words, "no partial result ever had words"
    for report in with_words:
        assert report.text.startswith("".join(word.text for word in report.words))
        assert 0.0 < report.confidence <= 1.0


def test_times_run_on_over_pauses(engine: VoskEngine, say: Say) -> None:
    """Vosk starts anew at every endpoint; the caller's clock does not."""
    samples = np.concatenate([say(PIPE), PAUSE, say(ROB), PAUSE, say(PIPE), PAUSE])
    finals = [report for report in listen(engine.open(), samples) if report.is_final and report.text]
    assert [final.text for final in finals] == [PIPE, "有人抢劫你们快来", PIPE]
    begins = np.cumsum([0, len(say(PIPE)) + len(PAUSE), len(say(ROB)) + len(PAUSE)]) / 8000
    for final, begin in zip(finals, begins, strict=True):
        assert final.words[0].start_s == pytest.approx(begin, abs=0.35)
    for before, after in pairwise(word for final in finals for word in final.words):
        assert before.start_s < before.end_s <= after.start_s + 1e-6


def test_an_endpoint_is_reported_without_finish(engine: VoskEngine, say: Say) -> None:
    reports = listen(engine.open(), np.concatenate([say(PIPE), PAUSE]))
    assert [report.text for report in reports if report.is_final] == [PIPE, ""]


@pytest.mark.parametrize("piece", [7, 160, 1600, 100_000])
def test_the_size_of_the_pieces_does_not_matter(engine: VoskEngine, say: Say, piece: int) -> None:
    assert listen(engine.open(), say(PIPE), piece)[-1].text == PIPE


def test_halves_of_samples_are_put_together(engine: VoskEngine, say: Say) -> None:
    recogniser = engine.open()
    pcm = say(PIPE).astype("<i2").tobytes()
    for at in range(0, len(pcm), 321):
        recogniser.accept(pcm[at : at + 321])
    assert recogniser.finish().text == PIPE


@pytest.mark.parametrize("level", [0, 8, 300])
def test_silence_and_noise_are_nothing(engine: VoskEngine, level: int) -> None:
    noise = np.random.default_rng(0).normal(0, level, 40_000).astype(np.int16)
    assert "".join(report.text for report in listen(engine.open(), noise)) == ""


def test_nothing_at_all(engine: VoskEngine) -> None:
    recogniser = engine.open()
    assert recogniser.accept(b"") is None
    assert recogniser.accept(b"\x01") is None
    assert recogniser.finish() == Utterance("", is_final=True)


def test_calls_do_not_mix(engine: VoskEngine, say: Say) -> None:
    one, other = engine.open(), engine.open()
    first, second = (say(text).astype("<i2").tobytes() for text in (PIPE, ROB))
    for at in range(0, max(len(first), len(second)), 320):
        one.accept(first[at : at + 320])
        other.accept(second[at : at + 320])
    assert (one.finish().text, other.finish().text) == (PIPE, "有人抢劫你们快来")


def test_a_16_khz_model_hears_telephone_audio(wide_model_dir: Path, say: Say) -> None:
    """libvosk refuses 8 kHz for this model, so words can only come out if the resampler feeds it."""
    wide = VoskEngine(wide_model_dir)
    assert wide.sample_rate == 16_000
    reports = listen(wide.open(), np.concatenate([say(PIPE), PAUSE, say(ROB)]))
    finals = [report for report in reports if report.is_final and report.text]
    assert [final.text for final in finals] == [PIPE, "有人抢劫你们快来"]
    begin = (len(say(PIPE)) + len(PAUSE)) / 8000
    assert finals[1].words[0].start_s == pytest.approx(begin, abs=0.35)


def test_a_16_khz_model_without_the_resampler_fails_in_the_open(wide_model_dir: Path, say: Say) -> None:
    vosk = pytest.importorskip("vosk")
    wrong = VoskRecogniser(vosk.KaldiRecognizer(vosk.Model(str(wide_model_dir)), 8000.0))
    with pytest.raises(RecogniserFailed, match="采样率"):
        wrong.accept(say(PIPE).astype("<i2").tobytes())


def test_no_model_there(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="model install"):
        VoskEngine(tmp_path / "none")


@pytest.mark.parametrize("damage", ["am/final.mdl", "graph/words.txt"])
def test_a_missing_file_is_named(model_dir: Path, tmp_path: Path, damage: str) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(model_dir, broken)
    (broken / damage).unlink()
    with pytest.raises(ModelBroken, match=damage):
        VoskEngine(broken)


def test_a_damaged_net_is_refused(model_dir: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(model_dir, broken)
    (broken / "am/final.mdl").write_bytes(b"\0B<Nonsense> ")
    with pytest.raises(ModelBroken, match="broken"):
        VoskEngine(broken)


def test_a_net_that_does_not_fit_its_features_is_refused(model_dir: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(model_dir, broken)
    features = broken / "conf/mfcc.conf"
    features.write_text(features.read_text().replace("--num-ceps=40", "--num-ceps=13"))
    with pytest.raises(RecogniserFailed, match="broken"):
        VoskEngine(broken).open().accept(bytes(8000))


class Scripted:
    """A KaldiRecognizer that answers what the test says."""

    def __init__(self, *, ends: bool = False, **answers: Any) -> None:
        self.ends = ends
        self.answers = answers
        self.heard = 0

    def AcceptWaveform(self, pcm: bytes) -> int:  # noqa: N802 - vosk's name
        if self.answers.get("broken"):
            raise Exception("Failed to process waveform")  # noqa: TRY002 - what vosk raises
        self.heard += len(pcm)
        return int(self.ends)

    def SetPartialWords(self, enabled: bool) -> None:  # noqa: N802, FBT001 - vosk's name
        """Nothing to do."""

    def __getattr__(self, method: str) -> Callable[[], str]:
        def answer() -> str:
            said = self.answers[method]
            if isinstance(said, Exception):
                raise said
            return str(said)

        return answer


NOT_UTF8 = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")


@pytest.mark.parametrize("nonsense", ["", "{", "[]", '{"text": "水", "result": [{"conf": -nan}]}', NOT_UTF8])
def test_an_unreadable_final_answer_keeps_the_last_partial_text(nonsense: object) -> None:
    fake = Scripted(PartialResult='{"partial": "有人 抢劫"}', FinalResult=nonsense, Result=nonsense)
    recogniser = VoskRecogniser(fake)
    assert recogniser.accept(bytes(320)) == Utterance("有人抢劫", is_final=False)
    assert recogniser.finish() == Utterance("有人抢劫", is_final=True)
    fake.ends = True
    assert recogniser.accept(bytes(320)) is None


@pytest.mark.parametrize("nonsense", ["", "{", NOT_UTF8])
def test_an_unreadable_partial_answer_is_passed_over(nonsense: object) -> None:
    recogniser = VoskRecogniser(Scripted(PartialResult=nonsense))
    assert recogniser.accept(bytes(320)) is None


def test_a_partial_that_is_taken_back_is_reported() -> None:
    fake = Scripted(PartialResult='{"partial": "二"}', Result='{"text": ""}')
    recogniser = VoskRecogniser(fake)
    assert recogniser.accept(bytes(320)) == Utterance("二", is_final=False)
    fake.ends = True
    assert recogniser.accept(bytes(320)) == Utterance("", is_final=True)
    assert recogniser.accept(bytes(320)) is None


def test_an_unknown_sound_is_no_text_but_lowers_the_confidence() -> None:
    result = {
        "text": "有人 [unk]",
        "result": [
            {"word": "有人", "start": 0.0, "end": 0.4, "conf": 1.0},
            {"word": "[unk]", "start": 0.4, "end": 0.8, "conf": 1.0},
        ],
    }
    final = VoskRecogniser(Scripted(FinalResult=json.dumps(result))).finish()
    assert final.text == "有人"
    assert final.words[1].text == UNKNOWN
    assert final.confidence == pytest.approx(0.5)


@pytest.mark.parametrize("nonsense", ["", "{", '{"text": "水"}', '{"alternatives": []}', NOT_UTF8])
def test_an_unreadable_list_of_guesses_keeps_the_last_partial_text(nonsense: object) -> None:
    fake = Scripted(PartialResult='{"partial": "有人 抢劫"}', FinalResult=nonsense)
    recogniser = VoskRecogniser(fake, alternatives=5)
    recogniser.accept(bytes(320))
    assert recogniser.finish() == Utterance("有人抢劫", is_final=True)


def test_silence_that_may_have_been_a_cry_is_reported() -> None:
    guesses = [{"text": "", "confidence": 2.0}, {"text": "救命", "confidence": 2.0}]
    fake = Scripted(ends=True, Result=json.dumps({"alternatives": guesses}))
    heard = VoskRecogniser(fake, alternatives=5).accept(bytes(320))
    assert heard == Utterance("", is_final=True, alternatives=(Alternative("救命", 0.5),))


def test_alternatives_of_an_end_within_the_last_piece_are_of_the_whole() -> None:
    ended = {"alternatives": [{"text": "停 水", "confidence": 0}, {"text": "听 水", "confidence": 0}]}
    tail = {"alternatives": [{"text": "了", "confidence": 0}]}
    fake = Scripted(ends=True, Result=json.dumps(ended), FinalResult=json.dumps(tail))

    recogniser = VoskRecogniser(fake, Resampler(16_000), alternatives=5)
    recogniser.accept(bytes(320))
    final = recogniser.finish()
    assert (final.text, final.alternatives) == ("停水了", (Alternative("听水了", 0.5),))


def test_a_failing_libvosk_says_so() -> None:
    with pytest.raises(RecogniserFailed, match="libvosk"):
        VoskRecogniser(Scripted(broken=True)).accept(bytes(320))


def test_an_endpoint_in_the_resamplers_last_drop_loses_nothing() -> None:
    fake = Scripted(
        ends=True,
        Result='{"text": "水管", "result": [{"word": "水管", "start": 0, "end": 1, "conf": 1}]}',
        FinalResult='{"text": "爆裂", "result": [{"word": "爆裂", "start": 1, "end": 2, "conf": 1}]}',
    )
    recogniser = VoskRecogniser(fake, Resampler(16_000))
    assert recogniser.accept(bytes(320)) is None  # still in the filter
    final = recogniser.finish()
    assert final.text == "水管爆裂"
    assert [word.text for word in final.words] == ["水管", "爆裂"]
    assert fake.heard == 640
