"""Pages over HTTP: the web server as `tongzheng up` runs it, and users who sign in and open page after page.

The bare SQL of the same pages, by as many users, takes turns with them, and so does the small city; whatever else the
machine does falls on all. Users never pause to read, so eight of them keep the processors busy as some eighty would.
"""

from __future__ import annotations

import http.client
import multiprocessing
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, urlencode

import psycopg

from bench import cases_pages, registers_pages
from bench.cases_pages import PASSWORD, PEOPLE
from tongzheng.site.supervisor import answers

Times = dict[str, list[tuple[float, float]]]
"""By page: (milliseconds in the server, milliseconds at the user) of each visit."""


@contextmanager
def served(url: str, port: int, *, workers: int = 2, threads: int = 4) -> Iterator[str]:
    """Serve the database at a port, as wide as the supervisor serves a city on two processors; yield the address."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", str(workers), "--blocking-threads", str(threads)]
    command += ["--http", "auto", "--no-ws", "--log-level", "warning", "bench.wsgi:application"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        command, env={**os.environ, "DATABASE_URL": url}, stdin=quiet, stdout=quiet, stderr=quiet
    )
    try:
        address = f"http://127.0.0.1:{port}/"
        until = time.monotonic() + 60
        while not answers(address):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the web server did not start")
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(15)


class Browser:
    """One signed-in person on one line that stays open."""

    def __init__(self, port: int, username: str, password: str) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        body = self._ask("GET", "/account/sign-in/")[1]
        token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', body)
        entries = {"username": username, "password": password}
        if token:
            entries["csrfmiddlewaretoken"] = token[1].decode()
        answer, body = self._ask("POST", "/account/sign-in/", urlencode(entries).encode())
        if answer.status != 302:
            raise RuntimeError(f"{username} cannot sign in: {answer.status}")

    def _ask(
        self, method: str, path: str, body: bytes | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        read = answer.read()
        for one in answer.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: crumb.value for name, crumb in SimpleCookie(one).items()}
        return answer, read

    def visit(self, path: str) -> tuple[float, float]:
        """Open a page; return what the server says it took and what it took from here, in milliseconds."""
        begin = time.perf_counter()
        answer, _ = self._ask("GET", path)
        took = (time.perf_counter() - begin) * 1000
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        said = re.search(r"app;dur=([0-9.]+)", answer.headers.get("Server-Timing", ""))
        assert said, "no Server-Timing"
        return float(said[1]), took


def _visitors(port: int, numbers: list[str], users: int, turns: Any) -> None:
    """A process with all the users in it, each a thread: opens pages for as long as it is told, and says the times."""
    rooms: list[tuple[dict[str, Browser], dict[str, tuple[str, Callable[[], str]]], random.Random]] = []
    for n in range(users):
        chance = random.Random(n)
        jars = {role: Browser(port, names[n % len(names)], PASSWORD) for role, names in PEOPLE.items()}
        todo = cases_pages.addresses(numbers, chance)
        for name, (more, _) in registers_pages.PAGES.items():
            todo[name] = ("agent", partial(str, f"/registers/trial.dams/{quote(more, safe='?=&.-_')}"))
        for role, address in todo.values():
            jars[role].visit(address())
        rooms.append((jars, todo, chance))
    turns.send("ready")
    while (seconds := turns.recv()) is not None:
        found: list[Times] = [{} for _ in rooms]
        until = time.perf_counter() + seconds

        def walk(n: int, until: float = until, found: list[Times] = found) -> None:
            jars, todo, chance = rooms[n]
            while time.perf_counter() < until:
                names = list(todo)
                chance.shuffle(names)
                for name in names:
                    role, address = todo[name]
                    found[n].setdefault(name, []).append(jars[role].visit(address()))

        threads = [threading.Thread(target=walk, args=(n,)) for n in range(users)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        turns.send(_joined(found))


def _joined(found: list[Times]) -> Times:
    together: Times = {}
    for one in found:
        for name, times in one.items():
            together.setdefault(name, []).extend(times)
    return together


def _bare(url: str, numbers: list[str], offices: list[int], user: int, turns: Any) -> None:
    """A process that is one user of the bare SQL."""
    connection = psycopg.connect(url, autocommit=True)
    chance = random.Random(user)
    calls = cases_pages.bare(connection, offices, numbers, chance) | registers_pages.bare(connection)
    for call in calls.values():
        for _ in range(6):
            call()
    turns.send("ready")
    while (seconds := turns.recv()) is not None:
        found: Times = {}
        until = time.perf_counter() + seconds
        names = list(calls)
        while time.perf_counter() < until:
            chance.shuffle(names)
            for name in names:
                begin = time.perf_counter()
                calls[name]()
                took = (time.perf_counter() - begin) * 1000
                found.setdefault(name, []).append((took, took))
        turns.send(found)


class Side:
    """Users of one kind, in processes of their own, who work when it is their turn."""

    def __init__(self, work: Callable[..., None], each: list[tuple[Any, ...]]) -> None:
        context = multiprocessing.get_context("spawn")
        self.lines, self.processes = [], []
        for arguments in each:
            here, there = context.Pipe()
            process = context.Process(target=work, args=(*arguments, there), daemon=True)
            process.start()
            self.lines.append(here)
            self.processes.append(process)

    def _hear(self, patience: float) -> list[Any]:
        for line in self.lines:
            if not line.poll(patience):
                raise RuntimeError("a user said nothing")
        return [line.recv() for line in self.lines]

    def ready(self) -> None:
        """Wait until everybody has signed in and seen every page once."""
        self._hear(300)

    def turn(self, seconds: float) -> Times:
        """Let everybody work for so many seconds and return what was measured."""
        for line in self.lines:
            line.send(seconds)
        return _joined(self._hear(seconds + 120))

    def end(self) -> None:
        """Send everybody home."""
        for line in self.lines:
            line.send(None)
        for process in self.processes:
            process.join(10)


def measure(
    small: str, large: str, *, users: int, seconds: float, rounds: int, port: int = 8771
) -> dict[str, Times]:
    """Return the times of "ours" and "bare" at the large city and of "little" (ours at the small one).

    Args: addresses of two filled databases (`cases_bench_fill`); seconds of a turn; number of rounds of turns.
    """
    with served(large, port), served(small, port + 1):
        sides = {}
        for name, url, at in (("ours", large, port), ("little", small, port + 1)):
            sides[name] = Side(_visitors, [(at, _numbers(url), users)])
        numbers, offices = _numbers(large), _offices(large)
        sides["bare"] = Side(_bare, [(large, numbers, offices, n) for n in range(users)])
        found: dict[str, list[Times]] = {name: [] for name in sides}
        try:
            for side in sides.values():
                side.ready()
            for _ in range(rounds):
                for name, side in sides.items():
                    found[name].append(side.turn(seconds))
        finally:
            for side in sides.values():
                side.end()
    return {name: _joined(times) for name, times in found.items()}


def _numbers(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT number FROM cases_case TABLESAMPLE SYSTEM (1) ORDER BY random() LIMIT 500"
        )
        return [row[0] for row in found] or [
            row[0] for row in connection.execute("SELECT number FROM cases_case ORDER BY id DESC LIMIT 500")
        ]


def _offices(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [
            row[0]
            for row in connection.execute(
                "SELECT DISTINCT organisation_id FROM cases_case ORDER BY 1 LIMIT 500"
            )
        ]
