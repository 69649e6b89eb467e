"""One start: the whole city comes up, stays up whatever is killed, is looked after by commands, and goes down clean."""

from __future__ import annotations

import os
import signal

import psycopg
import pytest

from tests.live.city import City, until
from tongzheng.site import postgres

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def city():
    with City() as found:
        yield found


@pytest.fixture(scope="module")
def keeper(city):
    """An account that must still be there whatever happens to the city."""
    made = city.run("users", "create", "keeper", "--label", "李守成", stdin="Yellow-River-2026\n")
    assert made.returncode == 0, made.stderr
    return "李守成"


def test_it_answers_in_both_languages_and_tells_who_runs(city):
    status, page = city.get("/")
    assert status == 200
    assert "<html" in page.decode()
    assert set(city.running()["processes"]) == {"web", "worker", "postgres"}, city.log()


@pytest.mark.parametrize("parts", [("web",), ("postgres",), ("web", "postgres"), ("worker",)], ids="+".join)
def test_what_is_killed_comes_back(city, parts):
    before = {part: city.pid(part) for part in parts}
    city.kill(*parts)
    assert until(lambda: all(city.pid(part) not in (0, pid) for part, pid in before.items()), 30), city.log()
    assert city.wait_healthy() < 30


def test_one_killed_web_worker_is_replaced(city):
    workers = city.family("web")[1:]
    os.kill(workers[0], signal.SIGKILL)
    assert until(
        lambda: len(city.family("web")) == len(workers) + 1 and workers[0] not in city.family("web"), 20
    )
    city.wait_healthy()


def test_a_second_city_in_the_same_folder_is_refused_in_words(city):
    other = city.run("up", "--port", "1")
    assert other.returncode == 1
    assert f"already runs (process {city.pid('supervisor')})" in other.stderr


def test_why_the_tables_cannot_be_brought_up_to_date_is_told(tmp_path):
    with postgres.throwaway() as server:
        with psycopg.connect(server.url) as connection:
            connection.execute(
                "CREATE TABLE django_migrations (id serial, app text, name text, applied timestamptz)"
            )
            connection.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES ('cases', '0010_together', now())"
            )
        ended = City(data=tmp_path, DATABASE_URL=server.url).run("up")
    assert ended.returncode == 1
    assert "cases.0010_together is applied before its dependency" in ended.stderr


def test_a_taken_port_is_named(city, tmp_path):
    neighbour = City(data=tmp_path)
    other = neighbour.run("up", "--port", str(city.port))
    assert other.returncode == 1
    assert f"Port 127.0.0.1:{city.port} cannot be used" in other.stderr


def test_an_operator_makes_lists_and_unlocks_accounts_while_it_runs(city):
    made = city.run("users", "create", "operator", "--label", "王管理", stdin="Yellow-River-2026\n")
    assert made.returncode == 0, made.stderr
    listed = city.run("users", "list", "--words", "operator")
    assert "operator" in listed.stdout
    assert "王管理" in listed.stdout
    assert city.run("users", "unlock", "operator").returncode == 0
    assert city.run("users", "password", "operator", stdin="Fen-River-2026\n").returncode == 0
    again = city.run("users", "create", "operator", stdin="Yellow-River-2026\n")
    assert again.returncode == 1
    assert "taken" in again.stderr


def test_the_ledger_is_verified_from_the_command_line(city):
    found = city.run("ledger", "verify")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "The ledger holds." in found.stdout


def test_check_looks_at_everything_outside(city):
    found = city.run("check")
    for words in ("Database: PostgreSQL", "Disk space", "Keys", "Calendar of working days", "SMS gateway"):
        assert words in found.stdout
    assert "Clock: 0.0 s from" in found.stdout


def test_a_running_city_is_saved_and_comes_back_in_another_folder(city, keeper, tmp_path):
    target = tmp_path / "city.tar"
    saved = city.run("backup", str(target))
    assert saved.returncode == 0, saved.stderr
    assert "keys lie open" in saved.stderr
    refused = city.run("restore", str(target), "--overwrite")
    assert refused.returncode == 1
    assert "already runs" in refused.stderr
    other = City()
    try:
        back = other.run("restore", str(target))
        assert back.returncode == 0, back.stderr
        other.start()
        assert keeper in other.run("users", "list").stdout
        assert other.run("ledger", "verify").returncode == 0
    finally:
        other.__exit__()


def test_it_stops_clean_starts_again_fast_and_keeps_what_it_had(city, keeper):
    assert city.stop() < 15
    assert until(lambda: not city.left(), 10), city.left()
    assert not (city.folder / "up.json").exists()
    assert city.start() < 30
    assert keeper in city.run("users", "list").stdout


def test_nothing_is_left_when_the_supervisor_itself_is_killed(city):
    city.kill("supervisor")
    city.process.wait()
    assert until(lambda: not city.left(), 15), city.left()
    assert city.start() < 30
