"""What the sweep of clocks costs: by what is due, not by what is open; and what becomes of it when a worker dies.

    python -m bench.sweep [--open 1000000] [--few 10000] [--due 2000]

On the empty database of DATABASE_URL: first with few clocks open, then with many, the same number comes due and is
swept, each with a message, an event and a ledger entry. Then a worker is killed with SIGKILL in the middle of its work
and another finishes it: every clock must have told its stage exactly once.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime, timedelta
from statistics import median

import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongzheng.site.settings")

TARGET_GROWTH, TARGET_IDLE = 1.3, 5.0
TYPE = "benchsweep.matter"
HANDLERS = 500
ROUNDS = 5
"""The quickest round counts: whatever else the machine does only ever adds."""
STAGE = timedelta(hours=70)
"""Seventy of a hundred hours: when a clock first tells its handler."""

_CASES = """
INSERT INTO cases_case (id, number, type_id, state, phase, version, events, title, region, organisation_id,
  organisation_label, opener_id, handler_id, handler_label, mover_id, made, applicant_label, applicant_lang,
  applicant_sealed, opened_at, due_at, soon_at, subject, facts, sealed, documents, rules, clock, clock_unit)
SELECT g, 'SW' || lpad(g::text, 12, '0'), %(type)s, 'working', 0, 3, 3, '滨河小区暖气不热', '141102001', 1, '供热公司', 1,
  %(first)s + g %% %(handlers)s, '', 1, '{}', '', 'zh', '', %(start)s, %(start)s + interval '100 hours',
  %(start)s + interval '70 hours', '', '{}', '', '{}', 'bench', 'limit', 'hour'
FROM generate_series(%(a)s::bigint, %(b)s::bigint) g
"""
_CLOCKS = """
INSERT INTO cases_clock (case_id, name, unit, amount, extended, calendar, started_at, due_at, soon_at, next_at)
SELECT g, 'limit', 'hour', 100, 0, 0, s, s + interval '100 hours', s + interval '70 hours', s + interval '70 hours'
FROM (SELECT g, %(start)s::timestamptz + (g - %(a)s) * interval '1 second' AS s FROM generate_series(%(a)s::bigint, %(b)s::bigint) g) x
"""


def declare() -> None:
    """Declare the type whose clocks are swept."""
    from tongzheng.kernel.cases.kinds import APPLICANT, CaseType, Clock, Escalation, Move, State
    from tongzheng.kernel.core.registry import System, registry
    from tongzheng.kernel.core.text import T
    from tongzheng.kernel.identity.kinds import Action

    basis = T("测量", "Measured")
    matter = CaseType(
        "matter",
        T("事项", "Matter"),
        prefix="SW",
        start="working",
        states=(
            State("working", T("办理中", "Handled")),
            State("closed", T("办结", "Closed"), phase="closed"),
        ),
        moves=(Move("close", T("办结", "Close"), ("working",), "closed", APPLICANT, basis, to="nobody"),),
        opens="benchsweep.open",
        reads="benchsweep.read",
        basis=basis,
        clock=Clock(
            "limit",
            T("时限", "Limit"),
            "hour",
            100,
            basis,
            escalations=(Escalation(0.7, "handler", urgent=True), Escalation(1.0, "superior", urgent=True)),
        ),
    )
    actions = (Action("open", basis), Action("read", basis))
    registry.add(System("benchsweep", "kernel", "", T("测", "b"), T("测", "b"), declares=(matter, *actions)))


def main(arguments: list[str] | None = None) -> int:
    """Fill, sweep, kill, judge; return 0 if every target is met."""
    parser = argparse.ArgumentParser(prog="bench.sweep")
    parser.add_argument("--open", type=int, default=1_000_000)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--due", type=int, default=1_500)
    parser.add_argument(
        "--worker", default="", help="the moment at which this process sweeps until nothing is due"
    )
    chosen = parser.parse_args(arguments)
    import django

    django.setup()
    declare()
    if chosen.worker:
        swept(datetime.fromisoformat(chosen.worker))
        return 0
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    start = datetime(2026, 11, 2, 9, 0, tzinfo=datetime.now().astimezone().tzinfo)
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        first = people(connection)
        fill(connection, start, first, 1, chosen.few)
        few = [turn(start, chosen.due * n, chosen.due) for n in range(ROUNDS)]
        print(f"filling {chosen.open:,} open clocks …", flush=True)
        fill(connection, start, first, chosen.few + 1, chosen.open)
        done = chosen.due * ROUNDS
        many = [turn(start, done + chosen.due * n, chosen.due) for n in range(ROUNDS)]
        done += chosen.due * ROUNDS
        idle = median(timed(start + STAGE + timedelta(seconds=done)) for _ in range(20))
        more = turn(start, done, chosen.due * 5)
        lost = killed(connection, start, done + chosen.due * 5)
    growth = min(many) / min(few)
    print(f"\nsweep of clocks, {chosen.due:,} due at a time, each with message, event and ledger entry")
    print(f"  {chosen.few:>9,} open   {min(few) * 1000:7.3f} ms a clock   {1 / min(few):7.0f} a second")
    print(f"  {chosen.open:>9,} open   {min(many) * 1000:7.3f} ms a clock   {1 / min(many):7.0f} a second")
    print(f"  growth     {growth:7.2f}   {_word(growth <= TARGET_GROWTH)} (≤ {TARGET_GROWTH:g})")
    print(f"  five times as many due: {more * 1000:.3f} ms a clock")
    print(f"  nothing due {idle * 1000:6.2f} ms   {_word(idle * 1000 <= TARGET_IDLE)} (≤ {TARGET_IDLE:g} ms)")
    print(f"  a worker killed in the middle: {lost} told twice or not at all   {_word(lost == 0)}")
    return 0 if growth <= TARGET_GROWTH and idle * 1000 <= TARGET_IDLE and lost == 0 else 1


def people(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    """Enter the handlers' accounts; return the first one's id."""
    found = connection.execute(
        "INSERT INTO identity_account (username, label, kind, lang, is_active, created_at, password, must_change,"
        " totp_sealed, totp_step, recovery) SELECT 'sweep' || g, '经办人' || g, 'staff', 'zh', true, now(), '', false, '',"
        " 0, '{}' FROM generate_series(1, %s) g RETURNING id",
        (HANDLERS,),
    ).fetchall()
    return min(int(str(row[0])) for row in found)


def fill(
    connection: psycopg.Connection[tuple[object, ...]], start: datetime, first: int, a: int, b: int
) -> None:
    """Enter cases `a` to `b`; clock n first tells its handler n seconds after the stage of `start`."""
    values = {"type": TYPE, "first": first, "handlers": HANDLERS, "a": a, "b": b, "start": start}
    connection.execute(_CASES, values)
    connection.execute(_CLOCKS, {**values, "start": start + timedelta(seconds=a)})
    connection.execute("VACUUM (ANALYZE) cases_case")
    connection.execute("VACUUM (ANALYZE) cases_clock")
    with suppress(psycopg.errors.InsufficientPrivilege):
        connection.execute("CHECKPOINT")


def turn(start: datetime, after: int, due: int) -> float:
    """Sweep what comes due in the `due` seconds after `after`; return the seconds that one clock took."""
    begun = time.perf_counter()
    count = swept(start + STAGE + timedelta(seconds=after + due))
    return (time.perf_counter() - begun) / max(count, 1)


def timed(moment: datetime) -> float:
    """Return the seconds of one turn with nothing due."""
    from tongzheng.kernel.cases import api
    from tongzheng.kernel.core import clock

    with clock.at(moment):
        begun = time.perf_counter()
        api.sweep()
        return time.perf_counter() - begun


def swept(moment: datetime) -> int:
    """Sweep until nothing is due at a moment; return how many clocks were."""
    from tongzheng.kernel.cases import api
    from tongzheng.kernel.core import clock

    count = 0
    with clock.at(moment):
        while done := api.sweep():
            count += done
    return count


def killed(connection: psycopg.Connection[tuple[object, ...]], start: datetime, after: int) -> int:
    """Kill workers in the middle of their work, let one finish; return how many clocks told their stage not once."""
    due = 6000
    moment = start + STAGE + timedelta(seconds=after + due)
    for wait in (1.6, 2.0, 2.4):
        worker = subprocess.Popen([sys.executable, "-m", "bench.sweep", "--worker", moment.isoformat()])
        time.sleep(wait)
        worker.kill()
        worker.wait()
    swept(moment)
    wrong = connection.execute(
        "SELECT count(*) FROM (SELECT k.case_id, (SELECT count(*) FROM messages_message m WHERE m.case_ref = c.number)"
        " AS told FROM cases_clock k JOIN cases_case c ON c.id = k.case_id WHERE k.soon_at <= %s) x WHERE told <> 1",
        (moment,),
    ).fetchone()
    return int(str(wrong[0])) if wrong else -1


def _word(good: bool) -> str:
    return "ok" if good else "MISSED"


if __name__ == "__main__":
    sys.exit(main())
