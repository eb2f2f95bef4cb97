"""A private PostgreSQL server for tests: on a unix socket in a short temporary folder, gone afterwards.

Uses the server programs of the host, or fetches the distribution's own into the tests' cache. It can be
stopped, started again, frozen and thawed, to be "the database that is away".
"""

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from uuid import uuid4

import psycopg
from psycopg import sql

READY = "database system is ready to accept connections"
START_LIMIT_S = 60.0
_NOBODY = 65534
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class PostgresServer:
    """One server on its own data. `start`, `stop`, `pause`, `resume`; `empty_database` gives a URL."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._data = folder / "data"
        # PostgreSQL does not run as root; as anyone else it runs as that user.
        self._user = _NOBODY if os.geteuid() == 0 else None
        self._process: subprocess.Popen[str] | None = None
        self._log: list[str] = []
        if self._user is not None:
            os.chown(folder, self._user, self._user)
        self._run_initdb()

    @property
    def url(self) -> str:
        """The URL of the server's first database; `empty_database` empties it."""
        return self._url("postgres")

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped (it may be frozen)."""
        return self._process is not None

    def empty_database(self) -> str:
        """The one database that tests share, emptied, its sessions ended (faster than a new one); its URL."""
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return self.url

    def create_database(self, encoding: str = "UTF8") -> str:
        """A new, empty database; its URL. The server must be up."""
        name = f"t{uuid4().hex[:16]}"
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            statement = "CREATE DATABASE {} ENCODING {} TEMPLATE template0"
            connection.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Literal(encoding)))
        return self._url(name)

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        if self._process is not None:
            raise RuntimeError("the server is already started")
        command = [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self._folder)]
        settings = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=50"]
        self._process = subprocess.Popen(
            [*command, *settings],
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            user=self._user,
            group=self._user,
            cwd=self._folder,
            env={**self._environment(), "LC_ALL": "C"},
            preexec_fn=_end_with_the_test,  # noqa: PLW1509 - one system call, no Python lock is taken
        )
        ready = threading.Event()
        if self._process.stderr is None:
            raise RuntimeError("no pipe for the server's log")
        threading.Thread(target=self._read_log, args=(self._process.stderr, ready), daemon=True).start()
        if not ready.wait(START_LIMIT_S) or self._process.poll() is not None:
            self.kill()
            raise RuntimeError("PostgreSQL did not start:\n" + "".join(self._log[-20:]))

    def stop(self) -> None:
        """Stop the server at once, connections or not (PostgreSQL's "fast" shutdown)."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Stop without writing anything out, as a crash would; the next start recovers."""
        self._end(signal.SIGQUIT)

    def pause(self) -> None:
        """Freeze the server and all its sessions: connections open and no answer comes."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen server go on."""
        self._signal_all(signal.SIGCONT)

    def _end(self, number: int) -> None:
        if self._process is None:
            return
        self._signal_all(signal.SIGCONT)  # a frozen server could not end
        self._process.send_signal(number)
        self._process.wait(START_LIMIT_S)
        self._process = None

    def _signal_all(self, number: int) -> None:
        if self._process is None:
            raise RuntimeError("the server is not started")
        # Each session is a process with a session id of its own: they are found as the server's children.
        for pid in [self._process.pid, *_children(self._process.pid)]:
            with suppress(ProcessLookupError):  # sessions come and go
                os.kill(pid, number)

    def _read_log(self, pipe: IO[str], ready: threading.Event) -> None:
        with pipe:
            for line in pipe:
                self._log.append(line)
                if READY in line:
                    ready.set()
        ready.set()  # ended: start() sees that it did

    def _run_initdb(self) -> None:
        command = [str(self._programs / "initdb"), "-D", str(self._data), "-U", "postgres"]
        subprocess.run(
            [*command, "-A", "trust", "--no-sync", "--locale=C", "--encoding=UTF8"],
            check=True,
            capture_output=True,
            user=self._user,
            group=self._user,
            cwd=self._folder,
            env=self._environment(),
        )

    def _environment(self) -> dict[str, str]:
        root = self._programs.parents[4] if len(self._programs.parents) > 4 else Path("/")
        libraries = [str(path) for path in root.glob("usr/lib/*-linux-gnu*")] if root != Path("/") else []
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
        return {**plain, "LD_LIBRARY_PATH": ":".join(libraries)} if libraries else plain

    def _dsn(self, database: str) -> str:
        return f"host={self._folder} user=postgres dbname={database}"

    def _url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self._folder}"


@contextmanager
def private_postgres(cache: Path) -> Iterator[PostgresServer]:
    """A started server of its own. `cache`: where server programs go if the host has none."""
    programs = postgres_programs(cache)
    # A unix socket's path has at most 107 bytes, and pytest's own folders are closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        server = PostgresServer(programs, folder)
        try:
            server.start()
            yield server
        finally:
            server.kill()  # its data go with it: nothing to write out
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def postgres_programs(cache: Path) -> Path:
    """The folder of `postgres` and `initdb`: the host's newest, else ones fetched to `cache`."""
    for root in (Path("/"), cache):
        found = sorted(root.glob("usr/lib/postgresql/*/bin/postgres"), key=lambda path: int(path.parts[-3]))
        if found:
            return found[-1].parent
    on_path = shutil.which("postgres")
    if on_path and shutil.which("initdb", path=str(Path(on_path).resolve().parent)):
        return Path(on_path).resolve().parent
    from provision.debian import unpack

    unpack(["postgresql"], cache, suite=None, progress=lambda _: None)
    return postgres_programs(cache)


def _end_with_the_test() -> None:
    """In the new process: be told to stop when the tests die without a word (prctl(2), PR_SET_PDEATHSIG)."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGQUIT))


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
