"""Foreign archives and folders: nothing leaves our folder, nothing is too much, damage is named."""

import contextlib
import io
import os
import stat
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import asr.unpacking
from asr.errors import ModelBroken, ModelError, ModelRefused
from asr.unpacking import copy_folder, safe_parts, unpack_zip


def silent(_: float) -> None:
    """Nobody watches the progress."""


def entry(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def archive(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries:
            file.writestr(name, content)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "outer" / "target"
    folder.mkdir(parents=True)
    return folder


def everything(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_zip_is_unpacked_and_told_about(tmp_path: Path, target: Path) -> None:
    source = archive(
        tmp_path / "model.zip",
        (entry("m/", stat.S_IFDIR | 0o755), b""),
        ("m/am/final.mdl", b"x" * 3_000_000),
        ("m/conf/model.conf", b"--beam=13\n"),
    )
    shares: list[float] = []
    unpack_zip(source, target, shares.append)
    assert everything(target) == {"m/am/final.mdl", "m/conf/model.conf"}
    assert (target / "m/am/final.mdl").stat().st_size == 3_000_000
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) >= 3


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "m/../../evil",
        "/etc/evil",
        "//evil",
        "..",
        "m\\..\\..\\evil",
        "C:/evil",
        "c:evil",
        "m/ev\nil",
        "m/\x1b[31mevil",
    ],
)
def test_no_path_leaves_the_folder(tmp_path: Path, target: Path, name: str) -> None:
    source = archive(tmp_path / "model.zip", (name, b"evil"))
    with pytest.raises(ModelRefused, match="不安全"):
        unpack_zip(source, target, silent)
    assert everything(tmp_path) == {"model.zip"}


@given(st.text(alphabet="./\\:ab\0 ~C", max_size=12))
def test_any_path_stays_inside_or_is_refused(name: str) -> None:
    try:
        parts = safe_parts(name)
    except ModelRefused:
        return
    inside = os.path.normpath(PurePosixPath("/shelf/model").joinpath(*parts))
    assert inside.startswith("/shelf/model/")
    assert ".." not in parts


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(tmp_path: Path, target: Path, kind: int) -> None:
    source = archive(tmp_path / "model.zip", (entry("m/link", kind | 0o777), b"/etc/passwd"))
    with pytest.raises(ModelRefused, match="链接或设备"):
        unpack_zip(source, target, silent)
    assert everything(target) == set()


def test_a_bomb_is_stopped_by_what_it_really_writes(tmp_path: Path, target: Path) -> None:
    source = archive(tmp_path / "bomb.zip", ("m/a", bytes(5_000_000)), ("m/b", bytes(5_000_000)))
    assert source.stat().st_size < 20_000
    with pytest.raises(ModelRefused, match="MiB"):
        unpack_zip(source, target, silent, limit=4 << 20)
    assert sum((target / name).stat().st_size for name in everything(target)) <= 4 << 20


def test_a_bomb_that_lies_about_its_size(tmp_path: Path, target: Path) -> None:
    """Sizes in the directory are the archive's own claim: rewritten here to 10 bytes."""
    source = archive(tmp_path / "bomb.zip", ("m/a", bytes(5_000_000)))
    content = source.read_bytes().replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    source.write_bytes(content)
    with pytest.raises(ModelBroken):
        unpack_zip(source, target, silent)
    assert sum((target / name).stat().st_size for name in everything(target)) <= 10


def test_too_many_files(tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asr.unpacking, "MAX_FILES", 3)
    names = [f"m/{n}" for n in range(4)]
    with pytest.raises(ModelRefused, match="多于 3 个"):
        unpack_zip(archive(tmp_path / "m.zip", *((n, b"") for n in names)), target, silent)
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(4):
        (folder / str(n)).touch()
    with pytest.raises(ModelRefused, match="多于 3 个"):
        copy_folder(folder, target, silent)


def test_the_same_name_twice(tmp_path: Path, target: Path) -> None:
    source = archive(tmp_path / "m.zip", ("m/am", b"1"), ("m/AM", b"2"))
    with pytest.raises(ModelRefused, match="重名"):
        unpack_zip(source, target, silent)


def test_a_file_where_a_folder_must_be(tmp_path: Path, target: Path) -> None:
    source = archive(tmp_path / "m.zip", ("m/am", b"1"), ("m/am/final.mdl", b"2"))
    with pytest.raises(ModelRefused):
        unpack_zip(source, target, silent)


def test_unusual_compression_is_refused_by_name(tmp_path: Path, target: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.zip", "w", zipfile.ZIP_LZMA) as file:
        file.writestr("m/a", b"x" * 100)
    with pytest.raises(ModelRefused, match="压缩方式"):
        unpack_zip(tmp_path / "m.zip", target, silent)


def test_an_encrypted_archive_is_refused_by_name(tmp_path: Path, target: Path) -> None:
    source = archive(tmp_path / "m.zip", ("m/a", b"x" * 100))
    content = bytearray(source.read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1  # APPNOTE 4.3.12: the general purpose flags
    source.write_bytes(content)
    with pytest.raises(ModelRefused, match="密码"):
        unpack_zip(source, target, silent)


def test_what_macos_adds_is_left_out(tmp_path: Path, target: Path) -> None:
    source = archive(tmp_path / "m.zip", ("m/a", b"1"), ("__MACOSX/m/._a", b"2"), ("m/.DS_Store", b"3"))
    unpack_zip(source, target, silent)
    assert everything(target) == {"m/a"}


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\3\4" + bytes(60), b"PK\5\6" + bytes(10)])
def test_what_is_no_zip_is_named(tmp_path: Path, target: Path, content: bytes) -> None:
    source = tmp_path / "model.zip"
    source.write_bytes(content)
    with pytest.raises(ModelBroken, match=r"model\.zip"):
        unpack_zip(source, target, silent)


def test_a_download_that_was_cut_short(tmp_path: Path, target: Path) -> None:
    source = archive(tmp_path / "model.zip", ("m/a", os.urandom(100_000)))
    source.write_bytes(source.read_bytes()[:-50_000])
    with pytest.raises(ModelBroken, match="重新下载"):
        unpack_zip(source, target, silent)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=6))
@example([(198, 83)])  # made zipfile seek to before the file's beginning
def test_any_damage_is_a_clear_error_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, damage: list[tuple[int, int]]
) -> None:
    place = tmp_path_factory.mktemp("damaged")
    source = archive(place / "model.zip", ("m/a", b"abc" * 20), ("m/b/c", bytes(80)))
    content = bytearray(source.read_bytes())
    for at, value in damage:
        content[at % len(content)] = value
    source.write_bytes(content)
    target = place / "target"
    target.mkdir()
    with contextlib.suppress(ModelError):
        unpack_zip(source, target, silent)
    outside = everything(place) - {"model.zip"} - {f"target/{name}" for name in everything(target)}
    assert outside == set()


def test_a_folder_is_copied_without_hidden_files(tmp_path: Path, target: Path) -> None:
    source = tmp_path / "model"
    for name in ("am/final.mdl", "conf/model.conf", ".git/config", ".hidden", "__MACOSX/x"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(b"12345")
    shares: list[float] = []
    copy_folder(source, target, shares.append)
    assert everything(target) == {"am/final.mdl", "conf/model.conf"}
    assert shares[-1] == 1.0


@pytest.mark.parametrize("at", ["link", "am/link"])
@pytest.mark.parametrize("to", ["/etc", "/etc/passwd", "nowhere"])
def test_a_folder_with_links_is_refused(tmp_path: Path, target: Path, at: str, to: str) -> None:
    source = tmp_path / "model"
    (source / "am").mkdir(parents=True)
    (source / at).symlink_to(to)
    with pytest.raises(ModelRefused, match="链接或设备"):
        copy_folder(source, target, silent)
    assert everything(target) == set()


def test_a_folder_with_a_pipe_is_refused_and_does_not_hang(tmp_path: Path, target: Path) -> None:
    source = tmp_path / "model"
    source.mkdir()
    os.mkfifo(source / "pipe")
    with pytest.raises(ModelRefused, match="链接或设备"):
        copy_folder(source, target, silent)


def test_a_folder_that_is_too_big(tmp_path: Path, target: Path) -> None:
    source = tmp_path / "model"
    source.mkdir()
    (source / "a").write_bytes(bytes(2 << 20))
    with pytest.raises(ModelRefused, match="1 MiB"):
        copy_folder(source, target, silent, limit=1 << 20)
    assert everything(target) == set()


def test_no_room_on_the_disk(tmp_path: Path, target: Path) -> None:
    source = tmp_path / "model"
    source.mkdir()
    with (source / "a").open("wb") as file:
        file.truncate(1 << 43)  # a sparse file: claims 8 TiB, takes nothing
    with pytest.raises(ModelRefused, match="磁盘空间不足"):
        copy_folder(source, target, silent, limit=1 << 44)


def test_archives_made_in_memory_behave_alike(target: Path) -> None:
    """What a browser uploads is written to a file first; an empty archive unpacks to nothing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w"):
        pass
    source = target.parent / "empty.zip"
    source.write_bytes(buffer.getvalue())
    unpack_zip(source, target, silent)
    assert everything(target) == set()
