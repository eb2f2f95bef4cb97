"""The trial really loads the model, in a process of its own that may die."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from asr.errors import ModelBroken
from asr.trial import main, try_model


@pytest.fixture
def copy(model_dir: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    shutil.copytree(model_dir, folder)
    return folder


def test_good_models_pass(model_dir: Path, wide_model_dir: Path) -> None:
    try_model(model_dir)
    try_model(wide_model_dir)


def test_libvosks_own_words_are_passed_on(copy: Path) -> None:
    (copy / "am/final.mdl").write_bytes(b"\0B<TransitionModel> <Nonsense>")
    with pytest.raises(ModelBroken, match="libvosk") as broken:
        try_model(copy)
    assert "copy" in str(broken.value)


def test_a_net_that_does_not_fit_its_features_is_found(copy: Path) -> None:
    features = copy / "conf/mfcc.conf"
    features.write_text(features.read_text().replace("--num-ceps=40", "--num-ceps=13"))
    with pytest.raises(ModelBroken):
        try_model(copy)


def test_missing_files_are_found_in_the_child_too(copy: Path) -> None:
    (copy / "graph/words.txt").unlink()
    with pytest.raises(ModelBroken, match=r"words\.txt"):
        try_model(copy)


def test_a_trial_that_takes_too_long_is_ended(model_dir: Path) -> None:
    with pytest.raises(ModelBroken, match="放弃"):
        try_model(model_dir, timeout_s=0.01)


def test_a_crash_is_told_apart(model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that libvosk took down (here: a shell that kills itself) is a broken model, not our crash."""
    killed = subprocess.run(["/bin/sh", "-c", "kill -SEGV $$"], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGSEGV
    monkeypatch.setattr("asr.trial.subprocess.run", lambda *_, **__: killed)
    with pytest.raises(ModelBroken, match="信号 11"):
        try_model(model_dir)


def test_relative_paths_and_another_working_directory(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(copy.parent)
    try_model(Path("copy"))


def test_the_child_is_the_same_program(model_dir: Path) -> None:
    """`python -m asr.trial` is what the parent runs; here in this process and as a command."""
    assert main([str(model_dir)]) == 0
    done = subprocess.run(
        [sys.executable, "-m", "asr.trial", str(model_dir / "am")],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert "final.mdl" in done.stderr.decode()
