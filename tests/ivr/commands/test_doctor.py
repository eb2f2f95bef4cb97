"""`doctor` as a command: its JSON, its table, its exit status."""

from __future__ import annotations

import json
from pathlib import Path

from ivr.config import ROOT
from tests.asr.conftest import model_dir
from tests.ivr.commands.program import ivr

__all__ = ["model_dir"]


def test_a_system_that_is_well(tmp_path: Path, model_dir: Path) -> None:
    lexicon, dialplans = ROOT / "triage" / "lexicon", ROOT / "dialplans"
    config = tmp_path / "config.yaml"
    config.write_text(
        f"data_dir: {tmp_path.anchor}tmp/none\nspeech: {{model: {model_dir}}}\ntriage: {{lexicon: {lexicon}}}\n"
        f"asterisk: {{dialplans: {dialplans}}}\n",
        encoding="utf-8",
    )
    done = ivr("doctor", "--json", config=config)
    findings = {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert findings["speech"]["state"] in ("ok", "warning")
    assert findings["lexicon"]["state"] == "ok"
    faults = [finding for finding in findings.values() if finding["state"] == "fault"]
    assert done.returncode == (1 if faults else 0), faults
    assert done.stderr == ""


def test_a_fault_is_shown_and_is_the_exit_status(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("data_dir: var\nspeech: {model: no-such-model}\n", encoding="utf-8")
    done = ivr("doctor", config=config)
    assert done.returncode == 1
    assert "故障" in done.stdout
    assert "no-such-model" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_broken_configuration_is_a_finding_too(tmp_path: Path) -> None:
    """And what stands in brackets in it is shown, not taken for a colour."""
    config = tmp_path / "config.yaml"
    config.write_text("prompts: {folder: [red]}\nnonsense: 1\n", encoding="utf-8")
    done = ivr("doctor", "--json", config=config)
    (finding,) = map(json.loads, done.stdout.splitlines())
    assert (finding["name"], finding["state"]) == ("config", "fault")
    assert "nonsense: no such key" in finding["what"]
    assert done.returncode == 1
    assert "['red']" in ivr("doctor", config=config).stdout
