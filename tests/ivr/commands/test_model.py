"""`model list`, `install`, `use`, with a real model and a broken one."""

from __future__ import annotations

import json
import shutil
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from asr.download import alone
from tests.asr.conftest import model_dir, wide_model_dir
from tests.ivr.commands.program import ivr, one_line_error

__all__ = ["model_dir", "wide_model_dir"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("data_dir: var\n", encoding="utf-8")
    return path


def shelf(config: Path) -> list[dict[str, object]]:
    done = ivr("model", "list", "--json", config=config)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_installing_and_choosing(config: Path, model_dir: Path, tmp_path: Path) -> None:
    source = tmp_path / "vosk-model-test-0.1"
    shutil.copytree(model_dir, source)
    (source / "README").write_text("A [red]model[/red] for tests\n", encoding="utf-8")
    archive = Path(shutil.make_archive(str(source), "zip", tmp_path, source.name))
    done = ivr("model", "install", str(archive), config=config)
    assert done.returncode == 0, done.stderr
    assert "已安装 vosk-model-test-0.1（8000 Hz）" in done.stdout
    assert not [model for model in shelf(config) if model["active"] and not model["bundled"]]
    done = ivr("model", "use", "vosk-model-test-0.1", config=config)
    assert done.returncode == 0
    assert "serve" in done.stdout
    (chosen,) = [model for model in shelf(config) if model["active"]]
    assert chosen["name"] == "vosk-model-test-0.1"
    assert chosen["sample_rate"] == 8000
    assert chosen["path"] == str(tmp_path / "var" / "models" / "vosk-model-test-0.1")
    table = ivr("model", "list", config=config).stdout
    (row,) = [line for line in table.splitlines() if "vosk-model-test-0.1" in line]
    assert "*" in row
    if "model.json" not in {path.name for path in source.iterdir()}:
        assert "[red]model[/red]" in row


def test_a_wide_band_model_is_warned_of_when_it_comes_and_when_it_is_chosen(
    config: Path, wide_model_dir: Path
) -> None:
    installed = ivr("model", "install", str(wide_model_dir), config=config)
    chosen = ivr("model", "use", wide_model_dir.name, config=config)
    narrow = ivr("model", "use", "bundled", config=config)
    for done, warnings in ((installed, 1), (chosen, 1), (narrow, 0)):
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("线路只有 8 kHz") == warnings
        assert done.stdout.count("python -m asr evaluate") == warnings


def test_a_broken_zip_is_refused_and_leaves_nothing(config: Path, tmp_path: Path) -> None:
    archive = tmp_path / "vosk-model-broken.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("vosk-model-broken/am/final.mdl", b"no model")
    error = one_line_error(ivr("model", "install", str(archive), config=config))
    assert "vosk-model-broken" in error
    assert [path for path in (tmp_path / "var" / "models").iterdir() if path.is_dir()] == []
    archive.write_bytes(b"PK\x03\x04 and no more")
    one_line_error(ivr("model", "install", str(archive), config=config))
    assert [path for path in (tmp_path / "var" / "models").iterdir() if path.is_dir()] == []


def test_a_model_that_is_not_there_cannot_be_chosen(config: Path) -> None:
    assert "no-such-model" in one_line_error(ivr("model", "use", "no-such-model", config=config))


def test_a_file_that_is_not_there(config: Path, tmp_path: Path) -> None:
    done = ivr("model", "install", str(tmp_path / "none.zip"), config=config)
    assert done.returncode == 1
    assert "none.zip" in done.stderr


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_installing_from_an_address(config: Path, model_dir: Path, tmp_path: Path) -> None:
    shutil.copytree(model_dir, tmp_path / "www" / "vosk-model-fetched-1")
    shutil.make_archive(
        str(tmp_path / "www" / "vosk-model-fetched-1"), "zip", tmp_path / "www", "vosk-model-fetched-1"
    )
    handler = partial(_Quiet, directory=str(tmp_path / "www"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}/vosk-model-fetched-1.zip"
        wrong = one_line_error(ivr("model", "install", address, "--sha256", "0" * 64, config=config))
        (lock,) = (tmp_path / "var" / "models" / ".downloads").glob("*.lock")
        with alone(lock):
            two = one_line_error(ivr("model", "install", address, config=config))
        done = ivr("model", "install", address, config=config)
        server.shutdown()
        thread.join()
    assert "校验和" in wrong
    assert "另一个程序" in two
    assert done.returncode == 0, done.stderr
    assert "已安装 vosk-model-fetched-1" in done.stdout
    left = {
        path.name for path in (tmp_path / "var" / "models").rglob("*.*") if path.suffix in {".zip", ".part"}
    }
    assert left == set(), "what was fetched is not kept"
    assert shelf(config)[1]["name"] == "vosk-model-fetched-1"


def test_a_checksum_for_a_file_of_ours_is_no_secret_nothing(config: Path, tmp_path: Path) -> None:
    (tmp_path / "m.zip").write_bytes(b"")
    for arguments in (
        [str(tmp_path / "m.zip"), "--sha256", "0" * 64],
        ["http://127.0.0.1:9/m.zip", "--sha256", "12"],
    ):
        done = ivr("model", "install", *arguments, config=config)
        assert done.returncode == 2
        assert "--sha256" in done.stderr


def test_the_catalogue(config: Path) -> None:
    listed = ivr("model", "catalogue", "--json", config=config)
    assert "vosk-model-small-cn-0.22" in {json.loads(line)["name"] for line in listed.stdout.splitlines()}
    assert "Apache-2.0" in ivr("model", "catalogue", config=config).stdout
    error = one_line_error(ivr("model", "install", "vosk-model-of-dreams", config=config))
    assert "vosk-model-small-cn-0.22" in error
