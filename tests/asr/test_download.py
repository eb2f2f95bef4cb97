"""Fetching a file from a real HTTP server on loopback that breaks off, changes its mind, and sends too much."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from asr.catalogue import OFFICIAL, official
from asr.download import alone, download
from asr.errors import DownloadFailed, ModelNotFound

CONTENT = bytes(range(256)) * 4000


@dataclass
class Server:
    """What the server has and does; and what it was asked."""

    content: bytes = CONTENT
    tag: str = '"one"'
    breaks_off_at: int | None = None
    status: int = 200
    tells_length: bool = True
    off_by: int = 0
    ranges: list[str | None] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/model.zip"


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            state.ranges.append(asked)
            begin = 0
            if state.status != 200:
                self.send_error(state.status)
                return
            if asked and self.headers.get("If-Range") == state.tag:
                begin = int(asked.removeprefix("bytes=").removesuffix("-"))
                if begin >= len(state.content):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(state.content)}")
                    self.end_headers()
                    return
            self.send_response(206 if begin else 200)
            self.send_header("ETag", state.tag)
            if begin:
                last = len(state.content) - 1
                self.send_header("Content-Range", f"bytes {begin + state.off_by}-{last}/{last + 1}")
            if state.tells_length:
                self.send_header("Content-Length", str(len(state.content) - begin))
            self.end_headers()
            with suppress(ConnectionError):  # who does not want it any more hangs up
                self.wfile.write(state.content[begin : state.breaks_off_at])

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state.port = http.server_address[1]
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield state
        http.shutdown()
        thread.join()


def test_a_file_comes_whole_and_alone(server: Server, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    download(server.url, tmp_path / "m.zip", lambda done, total: told.append((done, total)))
    assert (tmp_path / "m.zip").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["m.zip"]
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert told == sorted(told)


def test_it_goes_on_where_it_was_interrupted(server: Server, tmp_path: Path) -> None:
    server.breaks_off_at = 300_000
    with pytest.raises(DownloadFailed, match="接着下载"):
        download(server.url, tmp_path / "m.zip")
    assert not (tmp_path / "m.zip").exists()
    server.breaks_off_at = None
    download(server.url, tmp_path / "m.zip", sha256=hashlib.sha256(CONTENT).hexdigest().upper())
    assert (tmp_path / "m.zip").read_bytes() == CONTENT
    first, second = server.ranges
    assert first is None
    assert second is not None
    assert 0 < int(second.removeprefix("bytes=").removesuffix("-")) <= 300_000


def test_a_file_that_has_changed_meanwhile_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    server.breaks_off_at = 300_000
    with pytest.raises(DownloadFailed):
        download(server.url, tmp_path / "m.zip")
    server.breaks_off_at, server.tag, server.content = None, '"two"', CONTENT[::-1]
    download(server.url, tmp_path / "m.zip")
    assert (tmp_path / "m.zip").read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("tag", ["", 'W/"weak"'])
def test_without_a_strong_name_of_the_version_nothing_is_pieced_together(
    server: Server, tmp_path: Path, tag: str
) -> None:
    server.tag, server.breaks_off_at = tag, 300_000
    with pytest.raises(DownloadFailed):
        download(server.url, tmp_path / "m.zip")
    server.breaks_off_at = None
    download(server.url, tmp_path / "m.zip")
    assert server.ranges == [None, None]
    assert (tmp_path / "m.zip").read_bytes() == CONTENT


def test_a_part_that_is_all_of_it_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    """Killed between the last byte and the renaming."""
    (tmp_path / "m.zip.part").write_bytes(CONTENT)
    (tmp_path / "m.zip.etag").write_text(server.tag, encoding="utf-8")
    download(server.url, tmp_path / "m.zip", sha256=hashlib.sha256(CONTENT).hexdigest())
    assert (tmp_path / "m.zip").read_bytes() == CONTENT
    assert server.ranges == [f"bytes={len(CONTENT)}-"]


def test_a_rest_that_does_not_fit_is_not_glued_on(server: Server, tmp_path: Path) -> None:
    server.breaks_off_at = 300_000
    with pytest.raises(DownloadFailed):
        download(server.url, tmp_path / "m.zip")
    server.breaks_off_at, server.off_by = None, 1
    with pytest.raises(DownloadFailed, match="对不上"):
        download(server.url, tmp_path / "m.zip")
    assert list(tmp_path.iterdir()) == []


def test_two_do_not_fetch_the_same_at_once(tmp_path: Path) -> None:
    lock = tmp_path / "m.lock"
    with alone(lock), pytest.raises(DownloadFailed, match="另一个程序"), alone(lock):
        pytest.fail("both are in")
    with alone(lock):
        assert lock.exists()


def test_a_wrong_checksum_leaves_nothing(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="校验和"):
        download(server.url, tmp_path / "m.zip", sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_what_we_have_is_longer_than_what_there_is(server: Server, tmp_path: Path) -> None:
    server.breaks_off_at = 300_000
    with pytest.raises(DownloadFailed):
        download(server.url, tmp_path / "m.zip")
    server.content = CONTENT[:1000]
    with pytest.raises(DownloadFailed, match="对不上"):
        download(server.url, tmp_path / "m.zip")
    server.breaks_off_at = None
    download(server.url, tmp_path / "m.zip")
    assert (tmp_path / "m.zip").read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize("tells_length", [True, False])
def test_a_file_too_long_is_refused(server: Server, tmp_path: Path, *, tells_length: bool) -> None:
    server.tells_length = tells_length
    with pytest.raises(DownloadFailed, match="不像语音模型"):
        download(server.url, tmp_path / "m.zip", longest=100_000)
    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_is_no_file_is_told(server: Server, tmp_path: Path) -> None:
    server.status = 404
    with pytest.raises(DownloadFailed, match="404"):
        download(server.url, tmp_path / "m.zip")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "model.zip", ""])
def test_only_http_is_fetched(url: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="http"):
        download(url, tmp_path / "m.zip")


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="中断"):
        download("http://127.0.0.1:9/model.zip", tmp_path / "m.zip")


def test_the_catalogue_knows_the_official_names() -> None:
    assert official("vosk-model-small-cn-0.22").url.endswith("/vosk-model-small-cn-0.22.zip")
    assert all(model.url.startswith("https://") for model in OFFICIAL)
    with pytest.raises(ModelNotFound, match=r"vosk-model-cn-0\.22"):
        official("vosk-model-xx")
