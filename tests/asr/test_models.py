"""The shelf: what is listed, chosen and installed; and that a failure leaves nothing behind."""

import fcntl
import shutil
import stat
import zipfile
from pathlib import Path

import pytest

from asr.errors import ModelBroken, ModelExists, ModelNotFound, ModelRefused, ShelfBusy
from asr.models import BUNDLED, ModelShelf
from asr.vosk_engine import VoskEngine
from tests.asr.test_model_files import ALWAYS, lay_out


def no_trial(_: Path) -> None:
    """Believe that every model loads: for tests of files only."""


def model(folder: Path, *, readme: str = "") -> Path:
    """A folder with all the files of a model and nothing in them."""
    lay_out(folder, *ALWAYS, "graph/HCLG.fst")
    if readme:
        (folder / "README").write_text(readme)
    return folder


def zipped(folder: Path, path: Path, top: str = "") -> Path:
    """A zip of a folder, below the folder `top` in it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, Path(top) / file.relative_to(folder))
    return path


def left_behind(installed: Path) -> set[str]:
    return {path.name for path in installed.iterdir()} - {".lock"} if installed.exists() else set()


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    return tmp_path / "var" / "models"


@pytest.fixture
def shelf(tmp_path: Path, installed: Path) -> ModelShelf:
    """A shelf with a bundled model and an empty folder that does not exist yet."""
    return ModelShelf(model(tmp_path / "bundled", readme="# 随附模型"), installed, trial=no_trial)


def test_the_bundled_model_is_used_until_another_is_chosen(shelf: ModelShelf, tmp_path: Path) -> None:
    (only,) = shelf.list()
    assert only == shelf.active()
    assert (only.name, only.bundled, only.active, only.path) == (BUNDLED, True, True, tmp_path / "bundled")
    assert (only.sample_rate, only.description) == (16000, "随附模型")
    assert only.size_bytes == 5 * len("x\n") + len("# 随附模型".encode())


def test_a_shelf_with_nothing_on_it(tmp_path: Path) -> None:
    shelf = ModelShelf(tmp_path / "none", tmp_path / "nowhere")
    assert shelf.list() == ()
    with pytest.raises(ModelNotFound, match="model install"):
        shelf.active()


@pytest.mark.parametrize("top", ["vosk-model-cn-0.22", ""])
def test_a_zip_with_or_without_a_top_folder(
    shelf: ModelShelf, installed: Path, tmp_path: Path, top: str
) -> None:
    source = zipped(model(tmp_path / "source", readme="Chinese"), tmp_path / "vosk-model-cn-0.22.zip", top)
    steps: list[tuple[str, float]] = []
    info = shelf.install(source, lambda step, share: steps.append((step, share)))
    assert info.name == "vosk-model-cn-0.22"
    assert info.path == installed / "vosk-model-cn-0.22"
    assert (info.bundled, info.active, info.description) == (False, False, "Chinese")
    assert [item.name for item in shelf.list()] == [BUNDLED, "vosk-model-cn-0.22"]
    assert left_behind(installed) == {"vosk-model-cn-0.22"}
    assert [step for step, _ in steps][-2:] == ["试加载模型", "试加载模型"]
    assert max(share for step, share in steps if step == "解开文件") == 1.0
    assert stat.S_IMODE(info.path.stat().st_mode) & 0o055 == 0o055


@pytest.mark.parametrize("nested", [False, True])
def test_a_folder_or_the_folder_around_it(shelf: ModelShelf, tmp_path: Path, *, nested: bool) -> None:
    model(tmp_path / "download" / "vosk-model-small")
    source = tmp_path / "download" if nested else tmp_path / "download" / "vosk-model-small"
    assert shelf.install(source).name == "vosk-model-small"
    assert source.exists()


def test_the_choice_is_kept(shelf: ModelShelf, tmp_path: Path, installed: Path) -> None:
    shelf.install(model(tmp_path / "better"))
    shelf.use("better")
    again = ModelShelf(tmp_path / "bundled", installed)
    assert again.active().name == "better"
    assert [item.active for item in again.list()] == [False, True]
    assert (installed / "ACTIVE").read_text() == "better\n"
    again.use(BUNDLED)
    assert shelf.active().bundled
    assert left_behind(installed) == {"better", "ACTIVE"}


@pytest.mark.parametrize("name", ["", "none", "../bundled", "ACTIVE", ".lock", "/etc"])
def test_only_what_is_there_can_be_chosen(shelf: ModelShelf, installed: Path, name: str) -> None:
    with pytest.raises(ModelNotFound, match="现有：bundled"):
        shelf.use(name)
    assert not (installed / "ACTIVE").exists()


def test_a_chosen_model_that_is_gone_is_not_replaced_in_silence(
    shelf: ModelShelf, tmp_path: Path, installed: Path
) -> None:
    shelf.install(model(tmp_path / "better"))
    shelf.use("better")
    shutil.rmtree(installed / "better")
    with pytest.raises(ModelNotFound, match="better"):
        shelf.active()
    assert [item.name for item in shelf.list()] == [BUNDLED]


@pytest.mark.parametrize("content", [b"", b"\n", b" bundled \n"])
def test_an_empty_choice_is_none(shelf: ModelShelf, installed: Path, content: bytes) -> None:
    installed.mkdir(parents=True)
    (installed / "ACTIVE").write_bytes(content)
    assert shelf.active().name == BUNDLED


def test_a_damaged_choice_is_an_error(shelf: ModelShelf, installed: Path) -> None:
    installed.mkdir(parents=True)
    (installed / "ACTIVE").write_bytes(b"\xff../../etc")
    with pytest.raises(ModelNotFound):
        shelf.active()


def test_broken_folders_are_not_listed_and_harm_nobody(
    shelf: ModelShelf, tmp_path: Path, installed: Path
) -> None:
    shelf.install(model(tmp_path / "good"))
    model(installed / "odd-rate").joinpath("conf/mfcc.conf").write_text("--sample-frequency=1\n")
    model(installed / ".hidden")
    model(installed / "with blank")
    (installed / "half").mkdir()
    assert [item.name for item in shelf.list()] == [BUNDLED, "good"]


def test_no_model_is_installed_twice(shelf: ModelShelf, tmp_path: Path, installed: Path) -> None:
    shelf.install(model(tmp_path / "better", readme="first"))
    (tmp_path / "better" / "README").write_text("second")
    with pytest.raises(ModelExists, match="better"):
        shelf.install(tmp_path / "better")
    assert shelf.find("better").description == "first"
    assert left_behind(installed) == {"better"}


@pytest.mark.parametrize("name", ["bundled", "ACTIVE", "-rf", "a b", "模型", ".hidden"])
def test_names_that_would_confuse_the_shelf(
    shelf: ModelShelf, tmp_path: Path, installed: Path, name: str
) -> None:
    with pytest.raises(ModelRefused, match="模型名"):
        shelf.install(model(tmp_path / "source" / name))
    assert left_behind(installed) == set()


def test_no_such_source(shelf: ModelShelf, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"nothing\.zip"):
        shelf.install(tmp_path / "nothing.zip")


@pytest.mark.parametrize("missing", ["am/final.mdl", "graph/words.txt", "graph/HCLG.fst"])
def test_an_incomplete_model_leaves_nothing_behind(
    shelf: ModelShelf, tmp_path: Path, installed: Path, missing: str
) -> None:
    source = model(tmp_path / "incomplete")
    (source / missing).unlink()
    with pytest.raises(ModelBroken, match=missing):
        shelf.install(source)
    assert left_behind(installed) == set()


def test_something_else_than_a_model(shelf: ModelShelf, tmp_path: Path, installed: Path) -> None:
    holiday = tmp_path / "holiday"
    lay_out(holiday, "one/picture.jpg", "two/picture.jpg")
    with pytest.raises(ModelBroken, match="没有 Vosk 模型"):
        shelf.install(zipped(holiday, tmp_path / "holiday.zip"))
    assert left_behind(installed) == set()


def test_a_damaged_zip_leaves_nothing_behind(shelf: ModelShelf, tmp_path: Path, installed: Path) -> None:
    source = zipped(model(tmp_path / "source"), tmp_path / "cut.zip", "cut")
    source.write_bytes(source.read_bytes()[:-80])
    with pytest.raises(ModelBroken, match=r"cut\.zip"):
        shelf.install(source)
    assert left_behind(installed) == set()


def test_a_zip_that_wants_out_leaves_nothing_anywhere(
    shelf: ModelShelf, tmp_path: Path, installed: Path
) -> None:
    source = zipped(model(tmp_path / "source"), tmp_path / "slip.zip", "slip")
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr("slip/../../../evil", b"evil")
    with pytest.raises(ModelRefused, match="不安全"):
        shelf.install(source)
    assert left_behind(installed) == set()
    assert not list(tmp_path.rglob("evil"))


def test_a_model_that_is_too_big_leaves_nothing_behind(tmp_path: Path, installed: Path) -> None:
    shelf = ModelShelf(tmp_path / "none", installed, trial=no_trial, max_bytes=1 << 20)
    source = model(tmp_path / "big")
    (source / "am/final.mdl").write_bytes(bytes(2 << 20))
    with pytest.raises(ModelRefused, match="1 MiB"):
        shelf.install(zipped(source, tmp_path / "big.zip"))
    assert left_behind(installed) == set()


def test_a_model_that_does_not_load_never_becomes_visible(tmp_path: Path, installed: Path) -> None:
    seen: list[set[str]] = []

    def fails(folder: Path) -> None:
        seen.append({item.name for item in failing.list()})
        raise ModelBroken(f"{folder.name} does not load")

    failing = ModelShelf(tmp_path / "none", installed, trial=fails)
    with pytest.raises(ModelBroken, match="bad does not load"):
        failing.install(zipped(model(tmp_path / "source"), tmp_path / "x.zip", "bad"))
    assert seen == [set()]
    assert left_behind(installed) == set()


def test_an_interrupted_installation_leaves_nothing_behind(tmp_path: Path, installed: Path) -> None:
    def interrupt(_: Path) -> None:
        raise KeyboardInterrupt

    failing = ModelShelf(tmp_path / "none", installed, trial=interrupt)
    with pytest.raises(KeyboardInterrupt):
        failing.install(model(tmp_path / "m"))
    assert left_behind(installed) == set()


def test_what_a_killed_installation_left_is_swept_away(
    shelf: ModelShelf, tmp_path: Path, installed: Path
) -> None:
    model(installed / ".incoming-killed" / "half")
    assert [item.name for item in shelf.list()] == [BUNDLED]
    shelf.install(model(tmp_path / "m"))
    assert left_behind(installed) == {"m"}


def test_two_installations_at_once(shelf: ModelShelf, tmp_path: Path, installed: Path) -> None:
    installed.mkdir(parents=True)
    with (installed / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ShelfBusy, match="另一个安装"):
            shelf.install(model(tmp_path / "m"))
    assert shelf.install(tmp_path / "m").name == "m"


def test_the_real_model_is_installed_loaded_and_used(
    model_dir: Path, tmp_path: Path, installed: Path
) -> None:
    """The whole way with nothing replaced: zip, unpack, trial in a process of its own, choose, load."""
    shelf = ModelShelf(tmp_path / "none", installed)
    info = shelf.install(zipped(model_dir, tmp_path / "real-0.1.zip", "real-0.1"))
    shelf.use(info.name)
    assert shelf.active().sample_rate == 8000
    assert VoskEngine(shelf.active().path).open().finish().text == ""


def test_half_a_net_is_found_out_by_the_trial(model_dir: Path, tmp_path: Path, installed: Path) -> None:
    bad = tmp_path / "bad"
    shutil.copytree(model_dir, bad)
    net = (bad / "am/final.mdl").read_bytes()
    (bad / "am/final.mdl").write_bytes(net[: len(net) // 2])
    with pytest.raises(ModelBroken, match="libvosk"):
        ModelShelf(tmp_path / "none", installed).install(bad)
    assert left_behind(installed) == set()
