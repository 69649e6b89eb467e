"""`tongzheng worker`: one process for all work beside requests, the packages' duties and the queue of jobs.

Each duty has a thread, so that a slow one delays no other; the ledger is integrated within a second.
When the database is away, everyone waits and comes back by itself.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time

from django.db import connections

from tongzheng.kernel.core.duties import Duty, all_duties

log = logging.getLogger("tongzheng.worker")
LONGEST_PAUSE = 30.0


def run() -> None:
    """Work until SIGTERM or SIGINT; a duty that is under way is finished, for at most 5 seconds."""
    stop = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: stop.set())
    threads = [
        threading.Thread(target=perform, args=(duty, stop), name=duty.name, daemon=True)
        for duty in all_duties()
    ]
    threads.append(threading.Thread(target=_jobs, args=(stop,), name="jobs", daemon=True))
    log.info("worker started", extra={"data": {"duties": [t.name for t in threads]}})
    for thread in threads:
        thread.start()
    while not stop.wait(1):
        pass
    end = time.monotonic() + 5
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    logging.shutdown()
    # What is still busy sits in a transaction, which the database undoes.
    os._exit(0)


def perform(duty: Duty, stop: threading.Event) -> None:
    """Do one duty again and again: at once while there is work, else in its own rhythm."""
    failures = 0
    while not stop.is_set():
        pause = duty.every_seconds
        try:
            done = duty.call()
            failures = 0
            pause = 0 if done else pause
        except Exception:
            failures += 1
            pause = max(pause, min(2.0**failures, LONGEST_PAUSE))
            log.exception("duty failed", extra={"data": {"duty": duty.name, "failures": failures}})
        finally:
            connections.close_all()
        if pause:
            stop.wait(pause)


def _jobs(stop: threading.Event) -> None:
    """Run the queue of jobs; begin again with a pause when the database goes away."""
    failures = 0
    while not stop.is_set():
        began = time.monotonic()
        try:
            asyncio.run(_work(stop))
        except Exception:
            failures = 0 if time.monotonic() - began > 60 else failures + 1
            log.exception("job queue failed", extra={"data": {"failures": failures}})
            stop.wait(min(2.0**failures, LONGEST_PAUSE))


async def _work(stop: threading.Event) -> None:
    from procrastinate.contrib.django import app

    worker_app = app.with_connector(app.connector.get_worker_connector())
    async with worker_app.open_async():
        worker = asyncio.create_task(
            worker_app.run_worker_async(
                concurrency=2,
                install_signal_handlers=False,
                delete_jobs="successful",
                shutdown_graceful_timeout=4,
            )
        )
        while not stop.is_set() and not worker.done():
            await asyncio.sleep(0.3)
        if not worker.done():
            worker.cancel()
        try:
            await worker
        except asyncio.CancelledError:
            if not stop.is_set():
                raise
