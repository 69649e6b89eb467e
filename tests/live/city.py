"""A whole city in a folder of its own, for drills: started by the real command, killed part by part, stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any


class City:
    """`tongzheng up` in a temporary folder.

        with City() as city:
            city.get("/healthz")
            city.kill("web", "postgres")   # kill -9; the supervisor starts them again
            city.wait_healthy()

    Parts: "web", "worker", "postgres", and "supervisor" for the process above them all.
    """

    def __init__(self, *, verb: str = "up", data: Path | None = None, **environment: str) -> None:
        self.verb = verb
        self._made = data is None
        self.data = data or Path(tempfile.mkdtemp(prefix="tz-city-"))
        if self._made and os.geteuid() == 0:
            self.data.chmod(0o711)
        self.port = free_port()
        dropped = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PYTEST_XDIST_WORKER", "TONGZHENG_SUPERVISED")
        kept = {k: v for k, v in os.environ.items() if k not in dropped}
        self.environment = kept | {
            "TONGZHENG_DATA": str(self.data / "var"),
            "TONGZHENG_PORT": str(self.port),
            "LANG": "C.UTF-8",
            **environment,
        }
        self.process: subprocess.Popen[str] | None = None
        self.output = self.data / "output.txt"

    @property
    def folder(self) -> Path:
        """The city's data folder."""
        return self.data / "var"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> City:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            place = self.folder / "postgres.place"
            home = Path(place.read_text().strip()) if place.exists() else None
            if self._made:
                if home and self.data not in home.parents:
                    shutil.rmtree(home, ignore_errors=True)
                shutil.rmtree(self.data, ignore_errors=True)

    def start(self, patience: float = 90) -> float:
        """Start the city, wait until it answers, and return the seconds that took."""
        began = time.monotonic()
        command = [sys.executable, "-m", "tongzheng.site.command", self.verb]
        with self.output.open("a") as output:
            self.process = subprocess.Popen(
                command,
                env=self.environment,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                text=True,
            )
        self.wait_healthy(patience)
        # The worker starts when the web server answers, so a page can be had a moment before it runs.
        parts = {"web", "worker"} if "DATABASE_URL" in self.environment else {"web", "worker", "postgres"}
        self.wait_for(lambda: parts <= self.running()["processes"].keys(), 45)
        return time.monotonic() - began

    def stop(self, patience: float = 30) -> float:
        """Ask the city to stop as Ctrl-C would, and return the seconds that took."""
        began = time.monotonic()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
        return time.monotonic() - began

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run another verb of `tongzheng` in this city and return its exit code and output."""
        command = [sys.executable, "-m", "tongzheng.site.command", *arguments]
        return subprocess.run(
            command,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            input=stdin,
            timeout=300,
        )

    def python(self, code: str) -> subprocess.CompletedProcess[str]:
        """Run lines of Python inside this city, as one of its own processes would see it."""
        begin = (
            "from tongzheng.site import place, postgres\n"
            "from tongzheng.site.command_city import start_django\n"
            "with postgres.city(place.data_folder()):\n"
            "    start_django()\n"
            "    import sys\n"
            "    exec(compile(sys.stdin.read(), 'city', 'exec'), {})\n"
        )
        command = [sys.executable, "-c", begin]
        return subprocess.run(
            command,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            input=code,
            timeout=300,
        )

    def running(self) -> dict[str, Any]:
        """Return what the supervisor wrote down: its "pid", the "address" and the "processes" by name."""
        found: dict[str, Any] = json.loads((self.folder / "up.json").read_text())
        return found

    def pid(self, part: str) -> int:
        """Return the process of a part; 0 while it is down."""
        found = self.running()
        return int(found["pid"] if part == "supervisor" else found["processes"].get(part, 0))

    def kill(self, *parts: str) -> None:
        """Kill parts with SIGKILL, all at once: web server and database with all their workers, as the kernel would."""
        for pid in [pid for part in parts for pid in self.family(part)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def family(self, part: str) -> list[int]:
        """Return the process of a part; for the web server and the database, their workers too."""
        pid = self.pid(part)
        return [pid, *(_children(pid) if part in ("web", "postgres") else [])] if pid else []

    def get(self, path: str, timeout: float = 10) -> tuple[int, bytes]:
        """Return the status and body of a page; status 0 when nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.address}{path}", timeout=timeout) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def wait_healthy(self, patience: float = 60) -> float:
        """Wait until web and database answer again; return the seconds. Raises AssertionError with the log."""
        began = time.monotonic()

        def well() -> bool:
            if self.process and self.process.poll() is not None:
                raise AssertionError(f"the city ended with {self.process.returncode}:\n{self.log()}")
            return self.get("/healthz", timeout=5)[0] == 200

        assert until(well, patience), f"not healthy after {patience} s:\n{self.log()}"
        return time.monotonic() - began

    def wait_for(self, true: Callable[[], bool], patience: float = 60) -> None:
        """Wait until something is true of this city. Raises AssertionError with the log."""
        assert until(true, patience), f"it did not come true in {patience} s:\n{self.log()}"

    def log(self) -> str:
        return self.output.read_text(errors="replace")[-6000:] if self.output.exists() else ""

    def left(self) -> list[str]:
        """Return the command lines of all processes that still belong to this city."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                around = (entry / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if line and f"TONGZHENG_DATA={self.folder}\0" in around and int(entry.name) != os.getpid():
                found.append(f"{entry.name} {line}")
        return found


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def until(true: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is true; tell whether it became so in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.1)
    return true()


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(one) for one in path.read_text().split()] if path.exists() else []
