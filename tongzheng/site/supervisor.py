"""`tongzheng up`: one process that starts the whole city, keeps it alive and ends it in order.

    PostgreSQL (ours, unless DATABASE_URL names one) → migrations → web, worker, demo loader

Every child leads a process group of its own and is told by the kernel when this process dies, so that neither
Ctrl-C nor kill -9 leaves anything behind. What dies is started again, with growing pauses.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tongzheng.site import place, postgres, tables
from tongzheng.site.programs import NoServer
from tongzheng.site.words import say, step, told

TICK = 0.2
STEADY = 10.0
"""A child that ran this many seconds counts as sound: its next restart is immediate again."""
ATTEMPTS = 5
"""How often a program that is to run once is tried."""
DEAF = 60.0
"""A web process that answers nothing at all for this many seconds is started anew."""


class CannotStart(Exception):
    """The city cannot start; the message says why and what to do."""


class Stop(Exception):
    """The operator or the system asks us to stop."""


@dataclass(slots=True)
class Plan:
    """What to run: where the city lives, how it is reached and how wide the web server is."""

    data: Path
    port: int
    bind: str = "127.0.0.1"
    workers: int = 0
    threads: int = 4
    log: Path | None = None
    extra: dict[str, list[str]] = field(default_factory=dict)
    """Further children by name that run once, such as the loader of the demo city."""

    @property
    def web_workers(self) -> int:
        return self.workers or max(1, min(os.cpu_count() or 1, 8))

    @property
    def address(self) -> str:
        host = "127.0.0.1" if self.bind in ("0.0.0.0", "::") else self.bind  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"


class Child:
    """A program that we keep running; with `once`, until it ends well."""

    def __init__(
        self, name: str, command: list[str], *, output: IO[bytes] | int | None, once: bool = False
    ) -> None:
        self.name, self.command, self.output, self.once = name, command, output, once
        self.process: subprocess.Popen[bytes] | None = None
        self.started = self.due = 0.0
        self.failures = 0
        self.finished = False

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT if self.output == subprocess.PIPE else self.output,
            start_new_session=True,
            preexec_fn=postgres.dies_with_parent(signal.SIGTERM),  # noqa: PLW1509 - it only calls prctl
        )

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def look(self) -> str | None:
        """Start the program if it is due; return what to tell the operator when it has died."""
        if self.finished or self.running:
            return None
        if self.process is not None:
            code = self.process.returncode
            self._sweep()
            self.process = None
            if self.once and code == 0:
                self.finished = True
                return None
            ran = time.monotonic() - self.started
            self.failures = 0 if ran > STEADY else self.failures + 1
            pause = 0.0 if self.failures <= 1 else min(2.0 ** (self.failures - 2), 10.0)
            self.due = time.monotonic() + pause
            how = signal.Signals(-code).name if code < 0 else f"exit {code}"
            if self.once and self.failures >= ATTEMPTS:
                self.finished = True
                return told(
                    f"{self.name} 失败 {ATTEMPTS} 次（{how}），不再重试，见日志",
                    f"{self.name} failed {ATTEMPTS} times ({how}) and is given up; see the log",
                )
            return told(
                f"{self.name} 退出（{how}），{pause:.0f} 秒后重启",
                f"{self.name} ended ({how}); restart in {pause:.0f} s",
            )
        if time.monotonic() >= self.due:
            self.start()
        return None

    def ask(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.running and self.process:
            self.process.send_signal(how)

    def end(self, patience: float) -> None:
        """Wait for the program to end after `ask`, then remove whatever it left running."""
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
            self._sweep()
            self.process.wait()

    def _sweep(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


class Supervisor:
    """Runs one city from start to stop."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.children: list[Child] = []
        self.server: postgres.Server | None = None
        self.answered = time.monotonic()
        self.stopping = False

    def run(self) -> None:
        """Start everything, keep it running, return when asked to stop. Raises CannotStart, NoServer."""
        plan = self.plan
        os.environ.update(TONGZHENG_DATA=str(plan.data), TONGZHENG_SUPERVISED="1")
        began = time.monotonic()
        self._listen_to_signals()
        with alone(plan.data), suppress(Stop):
            _port_free(plan.bind, plan.port)
            with self._database():
                try:
                    if not self.prepared():
                        self._prepare()
                    self._start_children()
                    self._wait_for_web()
                    self.ready(time.monotonic() - began)
                    self._watch()
                finally:
                    self.stopping = True
                    self._end_children()
        (plan.data / "up.json").unlink(missing_ok=True)
        say("已全部停止。", "Everything has stopped.")

    def ready(self, seconds: float) -> None:
        """Tell the operator that the city answers."""
        say(
            f"通政已就绪（{seconds:.1f} 秒）：{self.plan.address}",
            f"Tongzheng is up ({seconds:.1f} s): {self.plan.address}",
        )

    def tick(self) -> None:
        """Do what else is to be done while the city runs; called several times a second."""

    def _listen_to_signals(self) -> None:
        def heard(number: int, frame: object) -> None:
            if not self.stopping:
                self.stopping = True
                say("\n正在停止 …", "\nStopping …")
                raise Stop
            # Asked twice: no more courtesy. The kernel tells PostgreSQL to shut down when we are gone.
            for child in self.children:
                child._sweep()
            os._exit(1)

        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, heard)

    @contextmanager
    def _database(self) -> Iterator[None]:
        def tell(message: str) -> None:
            say(f"  {message}", f"  {message}")

        with ExitStack() as stack:
            with step("数据库", "database"):
                self.server = stack.enter_context(postgres.city(self.plan.data, say=tell, share=False))
            yield

    def prepared(self) -> bool:
        """Tell whether there is nothing to do before the children can start."""
        return tables.up_to_date(os.environ["DATABASE_URL"])

    def _prepare(self) -> None:
        """Bring the tables up to date. Raises CannotStart with what the program said, if it cannot even be loaded."""
        with step("数据表", "tables"):
            child = Child("prepare", _tongzheng("migrate"), output=subprocess.PIPE, once=True)
            self.children.append(child)
            child.start()
            assert child.process is not None
            said = child.process.communicate()[0].decode(errors="replace").strip()
            if child.process.returncode:
                raise CannotStart(said.splitlines()[-1] if said else f"exit {child.process.returncode}")
            self.children.remove(child)

    def _start_children(self) -> None:
        plan = self.plan
        output: IO[bytes] | None = None
        if plan.log:
            plan.log.parent.mkdir(parents=True, exist_ok=True)
            if plan.log.exists() and plan.log.stat().st_size > 20 * 2**20:
                plan.log.replace(plan.log.with_suffix(".1"))
            output = plan.log.open("ab")
        web = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", plan.bind]
        web += ["--port", str(plan.port), "--workers", str(plan.web_workers)]
        web += [
            "--blocking-threads",
            str(plan.threads),
            "--respawn-failed-workers",
            "--respawn-interval",
            "0.5",
        ]
        web += ["--workers-kill-timeout", "8", "--http", "auto", "--no-ws", "--log-level", "warning"]
        web += ["tongzheng.site.wsgi:application"]
        self.children = [
            Child("web", web, output=output),
            Child("worker", _tongzheng("worker"), output=output),
            *(Child(name, command, output=output, once=True) for name, command in plan.extra.items()),
        ]
        self.children[0].start()
        for child in self.children[1:]:
            child.due = math.inf  # the processors are the web server's until it answers
        self._note()

    def _wait_for_web(self) -> None:
        doubtful = time.monotonic() + 45
        with step("网页服务", "web server"):
            while not answers(self.plan.address):
                self._look()
                time.sleep(TICK)
                if time.monotonic() > doubtful:
                    # Perhaps the program cannot be loaded: this says so, and raises.
                    doubtful = time.monotonic() + 600
                    self._prepare()
        self.answered = time.monotonic()
        for child in self.children[1:]:
            child.due = 0.0
        self._look()

    def _watch(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            self._look()
            self.tick()
            time.sleep(TICK)

    def _look(self) -> None:
        """Start again what has died: the database first, for the others stand on it."""
        changed = False
        if self.server and not self.server.alive():
            say("数据库进程退出，正在重启 …", "PostgreSQL ended; starting it again …")
            try:
                self.server.start()
            except NoServer as error:
                say(f"数据库没有启动，稍后再试：{error}", f"PostgreSQL did not start, trying again: {error}")
                time.sleep(2)
            changed = True
        web = self.children[0]
        if time.monotonic() - max(self.answered, web.started) > DEAF and web.running:
            say("网页服务没有回应，重启它。", "The web server does not answer; starting it again.")
            web._sweep()
        for child in self.children:
            before = child.process
            if message := child.look():
                say(message, message)
            changed |= child.process is not before
        if changed:
            self._note()

    def _listen(self) -> None:
        while not self.stopping:
            if answers(self.plan.address):
                self.answered = time.monotonic()
            time.sleep(5)

    def _note(self) -> None:
        """Write down who runs: for `tongzheng check`, and for drills that kill parts."""
        pids = {c.name: c.process.pid for c in self.children if c.process and not c.finished}
        if self.server and self.server.process:
            pids["postgres"] = self.server.process.pid
        found = {"pid": os.getpid(), "address": self.plan.address, "processes": pids}
        draft = self.plan.data / ".up.json"
        draft.write_text(json.dumps(found))
        draft.replace(self.plan.data / "up.json")

    def _end_children(self) -> None:
        for child in self.children:
            child.ask()
        end = time.monotonic() + 12
        for child in self.children:
            child.end(max(0.1, end - time.monotonic()))


def _tongzheng(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tongzheng.site.command", *arguments]


def answers(address: str) -> bool:
    """Tell whether the web server answers at all; that the database is away is no reason to restart it."""
    request = urllib.request.Request(f"{address}healthz", headers={"Host": place.hosts()[0]})  # noqa: S310
    try:
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@contextmanager
def alone(data: Path) -> Iterator[None]:
    place.make(data)
    with (data / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read().strip() or "?"
            raise CannotStart(
                told(
                    f"这个数据目录里的城市已经在运行（进程 {pid}）：{data}。请先停止它，或用 TONGZHENG_DATA 指定另一个目录。",
                    f"The city in {data} already runs (process {pid}). Stop it first, or choose another folder "
                    "with TONGZHENG_DATA.",
                )
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _port_free(bind: str, port: int) -> None:
    """Raise CannotStart if somebody listens there. Granian would share the port without a word."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((bind, port))
        except OSError as error:
            raise CannotStart(
                told(
                    f"端口 {bind}:{port} 不能使用（{error.strerror}）。请用 TONGZHENG_PORT 指定另一个端口。",
                    f"Port {bind}:{port} cannot be used ({error.strerror}). Choose another with TONGZHENG_PORT.",
                )
            ) from None
