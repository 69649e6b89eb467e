"""A new system made from one word passes every check, stands on the hub, and is gone when its folder is deleted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from tongzheng.kernel.core import scaffold

ROOT = Path(__file__).parents[1]
PROBE = """
import os

from django.test import Client


def test_the_hub_lists_what_is_there(world):
    office = world.office("吕梁市数据局", region="141100")
    client = world.enter(Client(), world.staff(office, "hub.operator", region="141100"))
    hub = client.get("/hub/")
    assert hub.status_code == 200
    there = os.environ["EXAMPLE"] == "there"
    assert ('href="/hub/example/"' in hub.content.decode()) == there
    assert client.get("/hub/example/").status_code == (200 if there else 404)
    assert (client.get("/example/").status_code != 404) == there
"""


class House:
    """A copy of the repository, and the commands of `make check` and `make test` run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        skip = shutil.ignore_patterns("__pycache__", "artefacts")
        for name in ("tongzheng", "tests"):
            shutil.copytree(ROOT / name, folder / name, ignore=skip)
        for name in ("conftest.py", "pyproject.toml", ".importlinter"):
            shutil.copy(ROOT / name, folder)
        (folder / "tests" / "test_probe.py").write_text(PROBE.lstrip())
        dropped = ("PYTEST_XDIST_WORKER", "TONGZHENG_TEST_ROOM", "DJANGO_SETTINGS_MODULE", "PYTEST_ADDOPTS")
        self.environment = {name: value for name, value in os.environ.items() if name not in dropped} | {
            "PYTHONPATH": str(folder),
            "TONGZHENG_DATA": str(folder / "var"),
            "DATABASE_URL": database("scaffold_" + connection.settings_dict["NAME"][-40:]),
        }
        # A fault of the house itself is for other tests; here it must not grow.
        self.known = self.inspect()

    def run(self, *arguments: str, **more: str) -> str:
        """Run a Python program; return what it said, or fail with it."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment | more,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def check(self) -> None:
        """Do what `make check` does, but for the types: they are those of the kernel only."""
        self.run("-m", "ruff", "check", "--no-cache", ".")
        self.run("-m", "ruff", "format", "--no-cache", "--check", ".")
        lint = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
        assert "0 broken" in self.run("-c", lint)
        assert self.inspect() <= self.known

    def inspect(self) -> set[str]:
        """Return what the inspector finds."""
        command = [sys.executable, "-m", "tongzheng.site.command", "inspect"]
        said = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        assert said.returncode in (0, 1), said.stderr
        return {line for line in said.stdout.splitlines() if ": " in line}

    def test(self, *paths: str, **more: str) -> str:
        options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--reuse-db")
        return self.run("-m", "pytest", *options, *paths, **more)


def database(name: str) -> str:
    """Return the address of another database on the server of these tests."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@pytest.fixture
def house(db, tmp_path):
    made = House(tmp_path)
    yield made
    name = urlsplit(made.environment["DATABASE_URL"]).path[1:]
    with psycopg.connect(database("postgres"), autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(sql.Identifier(f"test_{name}")))


@pytest.mark.parametrize("slug", ["ab", "abcdefghij0123456789abcdefghij"])
def test_what_is_made_is_in_form_however_short_or_long_the_name(tmp_path, slug):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    system = scaffold.make(f"governance/{slug}", root=tmp_path / "tongzheng")
    ours = 'lint.isort.known-first-party = ["tongzheng"]'
    for check in (("check", "--config", ours), ("format", "--check")):
        said = subprocess.run(
            [sys.executable, "-m", "ruff", *check, "--no-cache", str(system)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert said.returncode == 0, said.stdout


def test_a_new_system_passes_everything_is_on_the_hub_and_leaves_no_trace_when_deleted(house):
    said = house.run("-m", "tongzheng.site.command", "new", "public/example")
    system = house.folder / "tongzheng" / "systems" / "public" / "example"
    assert str(system) in said
    house.check()
    told = house.test("tongzheng/systems/public/example", "tests/test_probe.py", EXAMPLE="there")
    assert " passed" in told or "...." in told
    shutil.rmtree(system)
    house.check()
    house.test("tests/test_probe.py", EXAMPLE="gone")
