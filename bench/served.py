"""Pages over HTTP: the web server as `tongzheng up` runs it, and users who sign in and open page after page.

Every user opens each page in the large city and then in the small one, so that whatever else the machine does falls on
both; the bare SQL of the same pages, by as many users, takes turns with them. Users never pause to read, so eight of them
keep the processors busy as some eighty would.
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
from dataclasses import dataclass
from functools import partial
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, urlencode

import psycopg

from bench import cases_pages, registers_pages
from bench.cases_pages import PASSWORD, PEOPLE
from tongzheng.site.supervisor import answers

Times = dict[str, list[tuple[float, float, int]]]
"""By page: (milliseconds in the server, milliseconds at the user, bytes of the page) of each visit."""


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

    def visit(self, path: str) -> tuple[float, float, int]:
        """Open a page; return what the server says it took and what it took from here, in milliseconds, and its bytes."""
        begin = time.perf_counter()
        answer, body = self._ask("GET", path)
        took = (time.perf_counter() - begin) * 1000
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        said = re.search(r"app;dur=([0-9.]+)", answer.headers.get("Server-Timing", ""))
        assert said, "no Server-Timing"
        return float(said[1]), took, len(body)


@dataclass
class _User:
    """One person with a browser in either city, and what there is to open in each."""

    browsers: dict[str, dict[str, Browser]]
    todo: dict[str, dict[str, tuple[str, Callable[[], str]]]]
    chance: random.Random

    def open(self, side: str, name: str) -> tuple[float, float, int]:
        role, address = self.todo[side][name]
        return self.browsers[side][role].visit(address())

    def walk(self, until: float, found: dict[str, Times]) -> None:
        names = list(next(iter(self.todo.values())))
        while time.perf_counter() < until:
            self.chance.shuffle(names)
            for name in names:
                for side in self.todo:
                    found[side].setdefault(name, []).append(self.open(side, name))


def _user(n: int, cities: dict[str, tuple[int, list[str]]]) -> _User:
    chance = random.Random(n)
    registers = {
        name: ("agent", partial(str, f"/registers/trial.dams/{quote(more, safe='?=&.-_')}"))
        for name, (more, _) in registers_pages.PAGES.items()
    }
    made = _User({}, {}, chance)
    for side, (port, numbers) in cities.items():
        made.browsers[side] = {
            role: Browser(port, names[n % len(names)], PASSWORD) for role, names in PEOPLE.items()
        }
        made.todo[side] = cases_pages.addresses(numbers, chance) | registers
        for name in made.todo[side]:
            made.open(side, name)
    return made


def _visitors(cities: dict[str, tuple[int, list[str]]], users: int, turns: Any) -> None:
    """A process with all the users in it, each a thread: opens pages for as long as it is told, and says the times."""
    people = [_user(n, cities) for n in range(users)]
    turns.send("ready")
    while (seconds := turns.recv()) is not None:
        found: list[dict[str, Times]] = [{side: {} for side in cities} for _ in people]
        until = time.perf_counter() + seconds
        threads = [
            threading.Thread(target=one.walk, args=(until, times))
            for one, times in zip(people, found, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        turns.send({side: _joined([one[side] for one in found]) for side in cities})


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
                found.setdefault(name, []).append((took, took, 0))
        turns.send({"bare": found})


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

    def turn(self, seconds: float) -> dict[str, Times]:
        """Let everybody work for so many seconds and return what was measured, by side."""
        for line in self.lines:
            line.send(seconds)
        heard: list[dict[str, Times]] = self._hear(seconds + 120)
        return {side: _joined([one[side] for one in heard]) for side in heard[0]}

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
        numbers = _numbers(large)
        cities = {"ours": (port, numbers), "little": (port + 1, _numbers(small))}
        sides = (
            Side(_visitors, [(cities, users)]),
            Side(_bare, [(large, numbers, _offices(large), n) for n in range(users)]),
        )
        found: dict[str, list[Times]] = {name: [] for name in (*cities, "bare")}
        try:
            for side in sides:
                side.ready()
            for _ in range(rounds):
                for side in sides:
                    for name, times in side.turn(seconds).items():
                        found[name].append(times)
        finally:
            for side in sides:
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
