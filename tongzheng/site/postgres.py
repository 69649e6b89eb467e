"""Our own PostgreSQL: finds a server's programs, keeps a cluster in the data folder, starts and stops it.

The server is a direct child: when this process dies, however it dies, the kernel asks the server to shut down.
Only its owner can connect: one Unix socket in a closed folder, and a password besides.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import logging
import os
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from tongzheng.site import place
from tongzheng.site.programs import STATE, NoServer, Owner, Say, choose, owner, plain_environment

SOCKET_LIMIT = 107 - len("/.s.PGSQL.5432")
DATABASE = ROLE = "tongzheng"

log = logging.getLogger("tongzheng.postgres")


# --- one server ---------------------------------------------------------------------------------------


class Server:
    """One PostgreSQL server with its cluster in `home`, run as `who`, started and stopped by us."""

    def __init__(self, home: Path, *, who: Owner, durable: bool = True, say: Say = log.info) -> None:
        self.home, self.who, self.durable, self.say = home, who, durable, say
        self.cluster = home / "cluster"
        made_by = self.cluster / "PG_VERSION"
        self.programs = choose(who, int(made_by.read_text()) if made_by.exists() else None)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the application's database, with its password."""
        return self._url(ROLE, DATABASE)

    def _url(self, role: str, database: str) -> str:
        return f"postgresql://{role}:{self._password(role)}@/{database}?host={quote(str(self._socket_folder()), safe='/')}"

    def _password(self, role: str) -> str:
        return (self.home / f"{role}.password").read_text()

    def start(self) -> str:
        """Start the server, making the cluster at first; return the address. Raises NoServer with the reason."""
        if not (self.cluster / "PG_VERSION").exists():
            self._make_cluster()
        self._end_leftovers()
        folder = self._socket_folder(fresh=True)
        options = {**_tuning(), "unix_socket_directories": str(folder), "unix_socket_permissions": "0700"}
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        arguments = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        with (self.home / "start.log").open("ab") as output:
            self.process = subprocess.Popen(
                [self.programs.path("postgres"), "-D", str(self.cluster), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.home,
                env=plain_environment(),
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGINT),  # noqa: PLW1509 - it only calls prctl
                **self.who.as_user(),  # type: ignore[call-overload]
            )
        self._wait_until_ready()
        self._make_database()
        return self.url

    def alive(self) -> bool:
        """Tell whether the server's main process runs."""
        return self.process is not None and self.process.poll() is None

    def stop(self, patience: float = 20) -> None:
        """Stop the server: open transactions are rolled back and everything is on disk when this returns."""
        if self.process is None:
            return
        for how, seconds in ((signal.SIGINT, patience), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            if self.process.poll() is not None:
                break
            self.process.send_signal(how)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        self.process = None
        self._end_leftovers()

    def _make_cluster(self) -> None:
        self.say(f"PostgreSQL {self.programs.version}: making the database cluster in {self.cluster}")
        self.who.make(self.home)
        shutil.rmtree(self.cluster, ignore_errors=True)
        for role in ("postgres", ROLE):
            self._keep_password(role)
        draft = self.home / "cluster.draft"
        shutil.rmtree(draft, ignore_errors=True)
        # CJK letters count as letters only under a UTF-8 character type; order by code point is quick and stable.
        command = [
            self.programs.path("initdb"), "-D", str(draft), "-U", "postgres", "-E", "UTF8",
            "--lc-collate=C", f"--lc-ctype={_utf8_locale(self.who)}", "--lc-messages=C", "-A", "scram-sha-256",
            f"--pwfile={self.home / 'postgres.password'}", "--no-instructions",
        ]  # fmt: skip
        command += [] if self.durable else ["--no-sync"]
        made = self.who.run(*command, cwd=self.home)
        if made.returncode:
            raise NoServer(f"initdb failed in {self.home}: {made.stderr.strip() or made.stdout.strip()}")
        draft.rename(self.cluster)

    def _keep_password(self, role: str) -> None:
        path = self.home / f"{role}.password"
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(24))
            if self.who.other:
                os.chown(path, self.who.uid, self.who.gid)

    def _socket_folder(self, fresh: bool = False) -> Path:
        """Return where the socket lies: in the home, or in a short closed folder when that path is too long."""
        usual = self.home / "run"
        if len(os.fsencode(usual)) <= SOCKET_LIMIT:
            if fresh:
                self.who.make(usual)
            return usual
        note = self.home / "socket.folder"
        if note.exists() and _closed(Path(note.read_text()), self.who):
            return Path(note.read_text())
        if not fresh:
            raise NoServer("the server has not been started yet")
        # A Unix socket's path is at most 107 bytes.
        short = Path(tempfile.mkdtemp(prefix="tz-", dir="/tmp"))
        self.who.make(short)
        note.write_text(str(short))
        return short

    def _wait_until_ready(self) -> None:
        import psycopg

        assert self.process is not None
        began = told = time.monotonic()
        address = self._url("postgres", "postgres")
        while True:
            if self.process.poll() is not None:
                raise NoServer(f"PostgreSQL did not start: {self._last_words()}")
            try:
                psycopg.connect(address, connect_timeout=5).close()
                return
            except psycopg.OperationalError as error:
                if "password authentication failed" in str(error):
                    self.stop()
                    raise NoServer(f"the passwords in {self.home} do not open the database there") from None
            if time.monotonic() - told > 2:
                told = time.monotonic()
                self.say(
                    f"PostgreSQL is starting ({told - began:.0f} s): it reads its log after an unclean stop"
                )
            time.sleep(0.05)

    def _last_words(self) -> str:
        logs = sorted((self.cluster / "log").glob("*.log"), key=lambda p: p.stat().st_mtime)
        lines: list[str] = []
        for path in (self.home / "start.log", *logs[-1:]):
            lines += path.read_text(errors="replace").splitlines()[-6:] if path.exists() else []
        return "\n".join(lines) or "it said nothing"

    def _make_database(self) -> None:
        """Make the application's role (no superuser) and database, if they are not there."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self._url("postgres", "postgres"), autocommit=True) as db:
            role, name = sql.Identifier(ROLE), sql.Identifier(DATABASE)
            if not db.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (ROLE,)).fetchone():
                word = sql.Literal(self._password(ROLE))
                db.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(role, word))
            if not db.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
                db.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, role))

    def _end_leftovers(self) -> None:
        """End processes of an earlier run that still hold this cluster, then remove its stale lock file.

        A server whose starter was killed may still run; after kill -9 of the server its workers may outlive it
        for a while. Both sit in the cluster's folder, which tells them from anything else with a reused number.
        """
        for how, seconds in ((signal.SIGINT, 15), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            if not _sitting_in(self.cluster):
                break
            main = _postmaster(self.cluster)
            # The main process first: its workers follow it. Without one, the orphans themselves.
            for pid in [main] if main else _sitting_in(self.cluster):
                with suppress(ProcessLookupError):
                    os.kill(pid, how if main or how != signal.SIGINT else signal.SIGTERM)
            _until(lambda: not _sitting_in(self.cluster), seconds)
        if Path("/proc/self/cwd").exists():
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)


def _until(true: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not (done := true()) and time.monotonic() < end:
        time.sleep(0.05)
    return done


def _sitting_in(folder: Path) -> list[int]:
    """Return the processes whose working folder is this one (our own user's; all of them when we are root)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.readlink(entry / "cwd") == str(folder):
                found.append(int(entry.name))
    return found


def _postmaster(cluster: Path) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        pid = int((cluster / "postmaster.pid").read_text().split()[0])
        if pid in _sitting_in(cluster):
            return pid
    return None


def _closed(folder: Path, who: Owner) -> bool:
    with suppress(OSError):
        found = folder.lstat()
        return stat.S_ISDIR(found.st_mode) and found.st_uid == who.uid and not found.st_mode & 0o077
    return False


def _utf8_locale(who: Owner) -> str:
    """Return the plain UTF-8 locale of this machine, by the name that it has here; "C" if it has none."""
    known = who.run("locale", "-a").stdout.split() if shutil.which("locale") else ["C.UTF-8"]
    return next((name for name in ("C.utf8", "C.UTF-8") if name in known), "C")


def _tuning() -> dict[str, str]:
    """Return settings fitted to this machine's memory and processors; durability is never traded away."""
    cores = os.cpu_count() or 2
    megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return {
        "listen_addresses": "",
        "port": "5432",
        "shared_buffers": f"{max(64, min(megabytes // 6, 2048))}MB",
        "effective_cache_size": f"{max(256, megabytes // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{max(64, min(megabytes // 16, 512))}MB",
        "max_connections": "100",
        "max_parallel_workers_per_gather": str(min(2, cores // 2)),
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "Asia/Shanghai",
        "idle_in_transaction_session_timeout": "10min",
        "log_timezone": "Asia/Shanghai",
        "logging_collector": "on",
        "log_filename": "postgres-%a.log",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_min_duration_statement": "2s",
    }


def dies_with_parent(how: signal.Signals) -> Callable[[], None]:
    """Return what a child runs before its program: the kernel sends it `how` when the starting thread dies."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(1, int(how))
        if os.getppid() != parent:
            os._exit(1)

    return ask


def die_with_parent(how: signal.Signals) -> None:
    """Have the kernel send this process `how` when the process that started it dies."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(1, int(how))


# --- the city's own server ------------------------------------------------------------------------------


def home_of(data: Path, who: Owner) -> Path:
    """Return where the city's cluster lives, remembered in DATA/postgres.place.

    That is DATA/postgres, or a folder below /var/lib when the server's user cannot reach the data folder.
    """
    note = data / "postgres.place"
    if note.exists():
        return Path(note.read_text().strip())
    home = data / "postgres"
    if not who.reaches(data):
        STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
        name = hashlib.sha256(os.fsencode(data)).hexdigest()[:10]
        home = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=STATE))
    note.write_text(f"{home}\n")
    return home


@contextmanager
def city(data: Path, *, say: Say = log.info, share: bool = True) -> Iterator[Server | None]:
    """Run the city's own server for the length of the block and set DATABASE_URL to it.

    Yields None when DATABASE_URL names another server, or when another process of this city runs ours already;
    with `share=False` it waits up to half a minute for that process to end. Raises NoServer.
    """
    if os.environ.get("DATABASE_URL"):
        yield None
        return
    place.make(data)
    with (data / "postgres.lock").open("a") as lock:
        if not _until(lambda: _locked(lock), 0 if share else 30):
            if share:
                yield from _borrowed(data)
                return
            raise NoServer(f"another process runs the database in {data}; wait until it has ended")
        note = data / "postgres.url"
        note.unlink(missing_ok=True)
        who = owner()
        server = Server(home_of(data, who), who=who, say=say)
        try:
            os.environ["DATABASE_URL"] = server.start()
            place.write_closed(note, server.url + "\n")
            yield server
        finally:
            os.environ.pop("DATABASE_URL", None)
            note.unlink(missing_ok=True)
            server.stop()


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _borrowed(data: Path) -> Iterator[None]:
    note = data / "postgres.url"
    if not _until(note.exists, 30):
        raise NoServer(f"another process is starting the database in {data} and does not finish")
    os.environ["DATABASE_URL"] = note.read_text().strip()
    try:
        yield None
    finally:
        os.environ.pop("DATABASE_URL", None)


@contextmanager
def throwaway(*, say: Say = log.info) -> Iterator[Server]:
    """Run a server in a folder that is removed afterwards, without fsync: for tests and trials only."""
    who = owner()
    folder = Path(tempfile.mkdtemp(prefix="tz-"))
    try:
        who.make(folder)
        server = Server(folder, who=who, durable=False, say=say)
        try:
            server.start()
            yield server
        finally:
            server.stop(patience=3)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
