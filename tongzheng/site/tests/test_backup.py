from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path

import psycopg
import pytest

from tongzheng.site import backup, postgres, programs, restoring
from tongzheng.site.tests.test_postgres import every_server


@pytest.fixture(scope="module", params=every_server(), ids=lambda p: f"postgres-{p.version}")
def server(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONGZHENG_POSTGRES_BIN", str(request.param.folder))
        with postgres.throwaway(say=lambda _: None) as made:
            yield made


@pytest.fixture
def data(tmp_path, server):
    """A small city: 300 rows, two files, keys."""
    with psycopg.connect(server.url, autocommit=True) as db:
        db.execute("DROP SCHEMA public CASCADE")
        db.execute("CREATE SCHEMA public")
        db.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        db.execute(
            "CREATE TABLE matter (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, title text, facts jsonb)"
        )
        db.execute(
            """INSERT INTO matter (title, facts) SELECT '供热投诉 ' || n, '{"a": 1}' FROM generate_series(1, 300) n"""
        )
    folder = tmp_path / "var"
    for content in (b"one", b"two" * 100_000):
        digest = hashlib.sha256(content).hexdigest()
        path = folder / "files" / digest[:2] / digest[2:4] / digest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "files" / ".incoming").mkdir()
    (folder / "files" / ".incoming" / "half").write_bytes(b"x")
    (folder / "secrets.json").write_text('{"web": "k"}')
    return folder


def quiet(_: str) -> None:
    pass


def save(data: Path, server: postgres.Server, **more: str) -> Path:
    target = data.parent / "city.tar"
    backup.write(target, data=data, url=server.url, say=quiet, **more)
    return target


def digest_of(url: str) -> str:
    with psycopg.connect(url) as db:
        return str(db.execute("SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM matter t").fetchone())


def test_a_city_comes_back_as_it_was_saved(data, server, tmp_path):
    before = digest_of(server.url)
    target = save(data, server)
    report = backup.verify(target)
    assert (report.rows, report.files, report.sealed) == ({"matter": 300}, 2, False)
    assert target.stat().st_mode & 0o777 == 0o600
    with psycopg.connect(server.url) as db:
        db.execute("DELETE FROM matter WHERE id > 7")
    empty = tmp_path / "other"
    empty.mkdir()
    restoring.restore(target, data=empty, url=server.url, overwrite=True, say=quiet)
    assert digest_of(server.url) == before
    with psycopg.connect(server.url) as db:
        # The sequence goes on where it was, so that no number is given twice.
        assert db.execute("INSERT INTO matter (title) VALUES ('x') RETURNING id").fetchone() == (301,)
    assert sorted(p.name for p in (empty / "files").rglob("*") if p.is_file()) == sorted(
        p.name for p in (data / "files").glob("??/??/*")
    )
    assert (empty / "secrets.json").read_text() == '{"web": "k"}'
    assert (empty / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert [p.name for p in empty.iterdir() if p.name.startswith(".restore")] == []


def test_a_city_that_is_there_is_not_overwritten_unasked(data, server):
    target = save(data, server)
    before = digest_of(server.url)
    with pytest.raises(backup.BadArchive, match="--overwrite"):
        restoring.restore(target, data=data, url=server.url, say=quiet)
    assert digest_of(server.url) == before


def test_the_keys_are_closed_by_a_passphrase_and_opened_only_by_it(data, server):
    target = save(data, server, passphrase="开门 open")
    with tarfile.open(target) as archive:
        assert "secrets.json" not in archive.getnames()
    assert b'"web"' not in target.read_bytes()
    for wrong, words in (("", "--passphrase-file"), ("guess", "passphrase does not open")):
        with pytest.raises(backup.BadArchive, match=words):
            restoring.restore(target, data=data, url=server.url, passphrase=wrong, overwrite=True, say=quiet)
    assert digest_of(server.url)
    (data / "secrets.json").unlink()
    restoring.restore(target, data=data, url=server.url, passphrase="开门 open", overwrite=True, say=quiet)
    assert (data / "secrets.json").read_text() == '{"web": "k"}'


@pytest.mark.parametrize("where", [700, -30_000])
def test_one_changed_byte_is_found_before_anything_is_replaced(data, server, where):
    target = save(data, server)
    content = bytearray(target.read_bytes())
    content[where] ^= 1
    target.write_bytes(content)
    before = digest_of(server.url)
    with pytest.raises(backup.BadArchive):
        restoring.restore(target, data=data, url=server.url, overwrite=True, say=quiet)
    assert digest_of(server.url) == before
    assert (data / "secrets.json").exists()


def test_a_backup_that_was_cut_off_is_refused(data, server):
    target = save(data, server)
    target.write_bytes(target.read_bytes()[:-20_000])
    with pytest.raises(backup.BadArchive):
        backup.verify(target)


def test_an_archive_with_a_path_that_leads_out_is_refused(tmp_path):
    target = tmp_path / "bad.tar"
    with tarfile.open(target, "w") as archive:
        entry = tarfile.TarInfo("../../etc/cron.d/x")
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"x"))
    with pytest.raises(backup.BadArchive, match="no backup of ours holds"):
        backup.verify(target)


def test_a_backup_of_a_newer_program_is_refused(data, server, monkeypatch):
    monkeypatch.setattr(backup, "__version__", "9.9.9")
    target = save(data, server)
    monkeypatch.undo()
    with pytest.raises(backup.BadArchive, match=r"9\.9\.9"):
        restoring.restore(target, data=data, url=server.url, overwrite=True, say=quiet)


def test_a_backup_does_not_write_over_a_file(data, server):
    target = save(data, server)
    with pytest.raises(backup.BadArchive, match="exists"):
        backup.write(target, data=data, url=server.url, say=quiet)


def test_rows_that_do_not_arrive_undo_the_restore(data, server):
    target = save(data, server)
    forged = target.with_name("forged.tar")
    with tarfile.open(target) as old, tarfile.open(forged, "w") as new:
        for entry in old:
            content = old.extractfile(entry).read()
            if entry.name == "manifest.json":
                manifest = json.loads(content)
                manifest["rows"]["matter"] = 299
                content = json.dumps(manifest).encode()
                entry.size = len(content)
            new.addfile(entry, io.BytesIO(content))
    before = digest_of(server.url)
    with pytest.raises(backup.BadArchive, match="not all rows arrived: matter"):
        restoring.restore(forged, data=data, url=server.url, overwrite=True, say=quiet)
    assert digest_of(server.url) == before
    with psycopg.connect(server.url) as db:
        names = {name for (name,) in db.execute("SELECT datname FROM pg_database")}
    assert names == {"postgres", "template0", "template1", "tongzheng"}


def test_a_file_that_is_no_archive_is_refused_in_words(tmp_path):
    (tmp_path / "x.tar").write_bytes(b"PK\x03\x04 not a tar")
    with pytest.raises(backup.BadArchive, match="cannot be read as a backup"):
        backup.verify(tmp_path / "x.tar")


def test_the_program_of_the_servers_own_version_is_used():
    for found in every_server():
        said = subprocess.run(
            [backup.program(found.version, "pg_dump"), "--version"],
            check=True,
            capture_output=True,
            text=True,
        )
        assert said.stdout.startswith(f"pg_dump (PostgreSQL) {found.version}."), said.stdout
    with pytest.raises(programs.NoServer, match="postgresql-client-99"):
        backup.program(99, "pg_dump")
