from __future__ import annotations

import asyncio
import threading
import time

import pytest
from django.db import transaction

from tongzheng.kernel.core.duties import Duty, all_duties
from tongzheng.site import worker


class Work:
    """A duty that answers what it is told to, then asks the worker to stop."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers, self.at, self.stop = list(answers), [], threading.Event()

    def __call__(self) -> int:
        self.at.append(time.monotonic())
        answer = self.answers.pop(0)
        if not self.answers:
            self.stop.set()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def gaps(self) -> list[float]:
        return [later - sooner for sooner, later in zip(self.at, self.at[1:], strict=False)]


def test_a_duty_goes_on_at_once_while_there_is_work_and_rests_when_there_is_none():
    work = Work(5, 3, 0, 0)
    worker.perform(Duty("test", 0.3, work), work.stop)
    busy, busy_too, rested = work.gaps()
    assert busy < 0.2
    assert busy_too < 0.2
    assert rested >= 0.3


def test_a_duty_that_fails_is_tried_again_later_and_the_others_do_not_notice(monkeypatch):
    monkeypatch.setattr(worker, "LONGEST_PAUSE", 0.2)
    work = Work(ConnectionError("the database is away"), 0, 0)
    worker.perform(Duty("test", 0.01, work), work.stop)
    assert work.gaps()[0] >= 0.2


def test_every_duty_has_a_rhythm_and_its_own_name():
    duties = all_duties()
    assert len({duty.name for duty in duties}) == len(duties)
    assert all(0 < duty.every_seconds <= 86_400 for duty in duties)


@pytest.mark.django_db(transaction=True)
def test_a_job_runs_if_and_only_if_the_transaction_that_asked_for_it_was_kept():
    from procrastinate.contrib.django import app

    ran: list[str] = []

    @app.task(name="site.test_job")
    def job(word: str) -> None:
        ran.append(word)

    with transaction.atomic():
        job.defer(word="kept")
    with transaction.atomic():
        job.defer(word="undone")
        transaction.set_rollback(True)
    stop = threading.Event()
    runner = threading.Thread(target=lambda: asyncio.run(worker._work(stop)))
    runner.start()
    end = time.monotonic() + 15
    while not ran and time.monotonic() < end:
        time.sleep(0.05)
    stop.set()
    runner.join(10)
    assert not runner.is_alive()
    assert ran == ["kept"]
