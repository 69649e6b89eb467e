import os
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.core.health import Check
from tongzheng.kernel.ledger import api, duties, health, notes, sweep
from tongzheng.kernel.ledger.files import path_of

PDF = b"%PDF-1.7\n%%EOF\n"
DAY = 24 * 3600


def abandoned(content=PDF, days=2):
    with transaction.atomic():
        view = api.keep_file(content, name="a.pdf")
        transaction.set_rollback(True)
    aged(path_of(view.digest), days)
    return view


def aged(path, days):
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def run(view):
    sweep.sweep(folder=view.digest[:2])


def test_a_file_whose_act_rolled_back_is_set_aside_and_removed_after_a_month(ledger, store):
    view = abandoned()
    run(view)
    with pytest.raises(Missing):
        api.open_file(view.digest)
    aside = store / ".aside" / view.digest
    assert aside.read_bytes() == PDF
    sweep.sweep(now=time.time() + 29 * DAY)
    assert aside.exists()
    sweep.sweep(now=time.time() + 31 * DAY)
    assert not aside.exists()


def test_a_young_file_and_one_that_is_referred_to_stay(ledger):
    young = abandoned(b"%PDF-young", days=0.5)
    kept = api.keep_file(PDF, name="a.pdf")
    aged(path_of(kept.digest), 400)
    run(young)
    run(kept)
    assert api.open_file(young.digest).read() == b"%PDF-young"
    assert api.open_file(kept.digest).read() == PDF


def test_content_that_is_being_kept_again_is_left_alone(ledger):
    view = abandoned()
    kept, go = threading.Event(), threading.Event()

    def keep():
        try:
            with transaction.atomic():
                api.keep_file(PDF, name="a.pdf")
                aged(path_of(view.digest), 2)
                kept.set()
                go.wait(10)
        finally:
            connection.close()

    keeper = threading.Thread(target=keep)
    keeper.start()
    kept.wait(10)
    run(view)
    go.set()
    keeper.join(10)
    assert api.open_file(view.digest).read() == PDF


def test_the_rest_of_a_broken_upload_is_removed_after_a_day(ledger, store):
    api.keep_file(PDF, name="a.pdf")
    rest = store / ".incoming" / "rest"
    rest.write_bytes(b"half")
    sweep.sweep()
    assert rest.exists()
    aged(rest, 2)
    sweep.sweep()
    assert not rest.exists()


def test_every_folder_has_its_turn():
    seen = {f"{int(moment / sweep.TURN) % 256:02x}" for moment in range(0, 2 * DAY, sweep.TURN)}
    assert len(seen) == 256


def test_the_duty_asks_for_more_only_after_a_full_batch(ledger, monkeypatch):
    monkeypatch.setattr(duties, "BATCH", 3)
    for _ in range(2):
        api.append(act="a.b", subject="s:1", actor=None, label="x", body={})
    assert [d.name for d in duties.duties] == ["ledger.integrate", "ledger.sweep"]
    assert duties._integrate() == 0
    assert api.checkpoint().size == 2


def found():
    return {check.name: check for check in health.checks()}


def test_a_healthy_ledger_says_so(ledger):
    assert all(isinstance(check, Check) for check in health.checks())
    assert {name: check.level for name, check in found().items() if name != "ledger.disk"} == {
        "ledger.integrator": "ok",
        "ledger.key": "ok",
    }


def test_waiting_entries_and_a_foreign_key_are_told(ledger, settings):
    def put(seconds):
        moment = clock.now() - timedelta(seconds=seconds)
        api.append(act="a.b", subject="s:1", actor=None, label="x", body={}, at=moment)

    put(1)
    assert found()["ledger.integrator"].level == "ok"
    put(100)
    assert found()["ledger.integrator"].level == "warning"
    api.integrate()
    assert found()["ledger.integrator"].detail.en == "2 entries; integration keeps up"
    settings.LEDGER_KEY = b"another"
    assert found()["ledger.key"].level == "failed"
    assert notes.city_key().public[0] == 1


def test_a_store_without_room_fails(ledger, settings):
    settings.UPLOAD_LIMIT = 2**60
    assert found()["ledger.disk"].level == "failed"
