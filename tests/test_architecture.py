"""The house's own rules, kept by a test: who may know whom, how long a file may be, what no file may hold."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import ivr.errors
from ivr.config import ROOT

BELOW: dict[str, frozenset[str]] = {
    "provision": frozenset(),
    "asr": frozenset({"provision"}),
    "triage": frozenset({"provision"}),
    "records": frozenset({"provision"}),
    "transfer": frozenset({"asr", "triage", "records", "provision"}),
    "ivr": frozenset({"transfer", "asr", "triage", "records", "provision"}),
    "models": frozenset({"provision", "asr"}),
}
"""What each room may import. `asr`, `triage` and `records` know nothing of each other."""
RECIPES = {"ivr/demo/__main__.py", "ivr/prompts/__main__.py"}
"""Programs that make files which are committed; they may use the speech recipe, the running system may not."""
ADAPTERS = ("ami", "asterisk", "audiosocket", "fastagi", "prompts", "softphone")
"""The parts of `ivr` that stand alone: they know the errors' root and nothing else of the room."""
BLOCKING = {"asterisk.agi": "ivr/fastagi/", "asterisk.ami": "ivr/ami/"}
"""pyst2 and asterisk-ami, and the one place that each lives in."""
LONGEST_FILE = 500
DOCSTRINGS = 0.95

# Written so that this file does not hold what it forbids.
FORBIDDEN = re.compile(
    r"py[p]i\.(?:org|python)|pythonhoste[d]|npm[j]s|crate[s]\.io|regis[t]ry\.|de[b]\.debian\.org"
    r"|/(?:roo[t]|hom[e]|Use[r]s|wor[k])/\w"
)
NOT_OURS = {
    ".git",
    ".venv",
    "var",
    "__pycache__",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".hypothesis",
}
BINARY = {
    ".wav",
    ".fst",
    ".mdl",
    ".int",
    ".bin",
    ".stats",
    ".dubm",
    ".ie",
    ".mat",
    ".gz",
    ".npz",
}
TEXT_LIMIT = 1 << 20


def files() -> Iterator[Path]:
    """Every file of the project, whether committed or about to be."""
    pending = [path for path in ROOT.iterdir() if path.name not in NOT_OURS]
    while pending:
        path = pending.pop()
        if path.is_dir():
            pending += [inner for inner in path.iterdir() if inner.name not in NOT_OURS]
        elif path.is_file() and not path.name.startswith(".coverage"):  # one of each group of tests
            yield path


def sources(*rooms: str) -> list[Path]:
    return sorted(
        path for path in files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in rooms
    )


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide who knows whom"
            found |= {f"{node.module}.{name.name}" for name in node.names} | {str(node.module)}
    return found


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# -- who may know whom ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", BELOW)
def test_a_room_imports_only_from_rooms_below_it(room: str) -> None:
    assert sources(room)
    others = ({*BELOW, "tests", "bench", "desk", "cases"}) - {room} - BELOW[room]
    for path in sources(room):
        allowed = {"models"} if name_of(path) in RECIPES else set()
        wrong = {name for name in imports(path) if name.partition(".")[0] in others - allowed}
        assert not wrong, f"{name_of(path)} imports {sorted(wrong)}"


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_the_parts_of_the_telephone_stand_alone(adapter: str) -> None:
    for path in sources("ivr"):
        if name_of(path).startswith(f"ivr/{adapter}/"):
            known = {name.split(".")[1] for name in imports(path) if name.startswith("ivr.")}
            assert known <= {adapter, "errors"}, f"{name_of(path)} knows {sorted(known)}"


@pytest.mark.parametrize(("library", "place"), BLOCKING.items())
def test_each_blocking_library_lives_in_one_place(library: str, place: str) -> None:
    users = [name_of(path) for path in sources(*BELOW) if any(n.startswith(library) for n in imports(path))]
    assert users
    assert all(user.startswith(place) for user in users), users


def test_nobody_walks_in_a_circle() -> None:
    """Modules of `ivr` (its parts taken as one each): who is above whom is well defined."""
    knows: dict[str, set[str]] = {}
    for path in sources("ivr"):
        me = path.relative_to(ROOT).with_suffix("").parts[1]
        seen = {name.split(".")[1] for name in imports(path) if name.startswith("ivr.")}
        knows.setdefault(me, set()).update(seen - {me})
    while free := {name for name, below in knows.items() if not below & set(knows)}:
        for name in free:
            del knows[name]
    assert not knows, f"these import each other in a circle: {sorted(knows)}"


# -- how it is written ---------------------------------------------------------------------------------------


def test_no_file_is_longer_than_it_should_be() -> None:
    for path in sources(*BELOW, "tests", "bench"):
        length = len(path.read_text(encoding="utf-8").splitlines())
        assert length <= LONGEST_FILE, f"{name_of(path)} has {length} lines: it holds more than one concept"


def public(path: Path) -> Iterator[tuple[str, ast.AST]]:
    """A module and what it offers: classes, functions, methods."""
    yield name_of(path), tree(path)
    pending: list[tuple[str, ast.AST]] = [(name_of(path), tree(path))]
    while pending:
        prefix, node = pending.pop()
        for child in getattr(node, "body", []):
            defined = isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            if defined and not child.name.startswith("_"):
                yield f"{prefix}:{child.name}", child
                if isinstance(child, ast.ClassDef):
                    pending.append((f"{prefix}:{child.name}", child))


def test_what_is_public_is_explained() -> None:
    offered = [item for path in sources(*BELOW, "bench") for item in public(path)]
    assert len(offered) > 100
    silent = [name for name, node in offered if not ast.get_docstring(node)]  # type: ignore[arg-type]
    assert len(silent) <= (1 - DOCSTRINGS) * len(offered), silent


@pytest.mark.parametrize(
    "error",
    [name for name, found in vars(ivr.errors).items() if inspect.isclass(found) and name != "IvrError"],
)
def test_every_error_is_raised_somewhere(error: str) -> None:
    raising = re.compile(rf"raise {error}\(")
    assert any(raising.search(path.read_text(encoding="utf-8")) for path in sources("ivr"))


def test_no_file_names_a_registry_or_a_folder_of_somebodys_machine() -> None:
    looked_at = 0
    for path in files():
        if path.suffix in BINARY or path.name in BINARY or path.stat().st_size > TEXT_LIMIT:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        looked_at += 1
        found = FORBIDDEN.search(text)
        assert found is None, f"{name_of(path)}: {found and found[0]}"
    assert looked_at > 100


def test_tests_mirror_the_rooms() -> None:
    """`tests/<room>/test_<module>.py`: a room that is gone takes its tests along."""
    rooms = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name not in NOT_OURS}
    assert rooms <= {*BELOW, "telephony", "bench", "desk", "cases"}
