"""config.yaml: what it says is what is used, and what it cannot say is named."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.config import ROOT, Config, load_config
from ivr.errors import ConfigInvalid


def write(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_file_says_exactly_the_defaults(tmp_path: Path) -> None:
    """Its comments promise so, and an operator copies from it."""
    shipped = load_config(ROOT / "config.yaml")
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    elsewhere = load_config(write(tmp_path, text))
    empty = load_config(write(tmp_path, ""))
    assert elsewhere.model_dump() == empty.model_dump()
    assert shipped.data_dir == ROOT / "var"


def test_the_shipped_file_names_every_setting() -> None:
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    for name, field in Config.model_fields.items():
        assert f"{name}:" in text
        section = field.annotation
        for inner in getattr(section, "model_fields", {}):
            assert re.search(rf"^  (# )?{inner}:", text, re.MULTILINE), inner


def test_relative_paths_count_from_the_file(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "data_dir: here\nprompts: {folder: voices}\n"))
    assert config.data_dir == tmp_path / "here"
    assert config.prompts.folder == tmp_path / "voices"
    assert config.asterisk.data == tmp_path / "here" / "asterisk"
    assert config.database_url == f"sqlite:///{tmp_path}/here/records.sqlite3"


def test_the_towns_file_is_optional_and_counts_from_the_file(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, "")).triage.town is None
    config = load_config(write(tmp_path, "triage: {town: own/town.yaml}\n"))
    assert config.triage.town == tmp_path / "own" / "town.yaml"
    assert config.triage.lexicon == tmp_path / "triage" / "lexicon"


def test_the_environment_outranks_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINSHENG110_RECORDS__URL", "postgresql+psycopg://ops@127.0.0.1/calls")
    monkeypatch.setenv("MINSHENG110_ASTERISK__SIP_PORT", "5999")
    config = load_config(
        write(tmp_path, "records: {url: 'sqlite:///x.db'}\nasterisk: {sip_port: 5998, ami_port: 5997}\n")
    )
    assert config.database_url == "postgresql+psycopg://ops@127.0.0.1/calls"
    assert config.asterisk.sip_port == 5999
    assert config.asterisk.ami_port == 5997


@pytest.mark.parametrize("off", ["0", "", "''"])
def test_no_port_for_the_numbers_is_an_answer(tmp_path: Path, off: str) -> None:
    assert load_config(write(tmp_path, f"metrics: {{port: {off}}}")).metrics.port == 0
    assert load_config(write(tmp_path, "")).metrics.port > 0


@pytest.mark.parametrize(
    ("text", "key", "right"),
    [
        ("call: {listen_limit_s: 3}", "call.listen_limit_s", "greater than or equal to 5"),
        ("call: {listen_limit: 3}", "call.listen_limit", "no such key"),
        ("log_level: loud", "log_level", "debug|info|warning|error"),
        ("records: {url: 'mysql://x'}", "records.url", "postgresql"),
        ("asterisk: {sip_port: 80}", "asterisk.sip_port", "1024"),
        ("asterisk: {carriers: [0.0.0.0/0]}", "asterisk.carriers.0", "whole world"),
        ("asterisk: {police: [{name: 'p1\\n[x]', uri: 'sip:a@b'}]}", "asterisk.police.0.name", "letters"),
        ("metrics: {address: localhost}", "metrics.address", "IPv4"),
        ("metrics: {port: [9510]}", "metrics.port", "integer"),
        ("sip: 1", "sip", "no such key"),
    ],
)
def test_an_error_names_the_key_and_what_would_be_right(
    tmp_path: Path, text: str, key: str, right: str
) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        load_config(write(tmp_path, text))
    assert key in str(caught.value)
    assert right in str(caught.value)


@pytest.mark.parametrize("text", ["- a\n- b", "just words", "a: [1", "1: 2", "\x00"])
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigInvalid, match=r"config\.yaml"):
        load_config(write(tmp_path, text))


def test_a_missing_or_binary_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="--config"):
        load_config(tmp_path / "none.yaml")
    (tmp_path / "config.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigInvalid, match="UTF-8"):
        load_config(tmp_path / "config.yaml")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    with suppress(ConfigInvalid):
        assert isinstance(load_config(path), Config)
