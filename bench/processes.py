"""Approvals of six tasks by a drawn process, each step its own transaction, beside bare SQL on the same rows.

    createdb scratch && DATABASE_URL=postgresql:///scratch python -m bench.processes

Ours goes through the door: permission, form, FEEL condition, engine, then case, process, task with its limit, event and
ledger entry in one statement. The floor reads and writes the same rows by plain prepared statements in as many
transactions. They take turns. Then the same steps are taken over 1,000 versions of the drawing at once, and over one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from statistics import median
from typing import Any

import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongzheng.site.settings")

TARGET, TARGET_VERSIONS = 0.5, 0.9
STEPS = 6
HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:tongzheng="urn:tongzheng:bpmn:1" id="D"'
    ' targetNamespace="urn:bench"><process id="P" name="{name}" isExecutable="true" tongzheng:due="10">'
)
FORM = (
    '<extensionElements><tongzheng:field name="area" zh="面积" en="Area" kind="integer"/>'
    '<tongzheng:field name="what" zh="事由" en="Reason" kind="long"/></extensionElements>'
)
OPINION = '<extensionElements><tongzheng:field name="opinion" zh="意见" en="Opinion" kind="text"/></extensionElements>'


def drawing(name: str) -> bytes:
    """Return the approval: six tasks, a condition in the middle."""
    parts = [HEAD.format(name=name), f'<startEvent id="s">{FORM}</startEvent>', '<endEvent id="e"/>']
    parts += [
        f'<userTask id="t{n}" name="环节{n}" tongzheng:due="3">{OPINION}</userTask>'
        for n in range(1, STEPS + 1)
    ]
    parts.append('<exclusiveGateway id="g" default="g_e"/>')
    ways = ["s t1", *(f"t{n} t{n + 1}" for n in range(1, 3)), "t3 g", "g t4", "g e", "t4 t5", "t5 t6", "t6 e"]
    for way in ways:
        a, b = way.split()
        inner = "<conditionExpression>area &gt; 50</conditionExpression>" if way == "g t4" else ""
        parts.append(f'<sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}">{inner}</sequenceFlow>')
    return ("".join(parts) + "</process></definitions>").encode()


@lru_cache
def people() -> tuple[int, Any, Any, Any]:
    """Return an office, who draws, who publishes and who works there."""
    from tongzheng.kernel.identity import api as identity
    from tongzheng.kernel.identity.api import Actor, PostView

    identity.load_regions()
    (office,) = identity.ensure_organisations(
        actor=identity.SYSTEM, rows=[identity.NewOrganisation("离石区行政审批局", "government", "", "141102")]
    )

    def actor(id: int, *actions: str) -> Any:
        held = {f"cases.process_{action}": "region" for action in actions} | {"definitions.read": "region"}
        return Actor(id, "张＊", "staff", (PostView(id, "科员", office, "审批局", "141102", held),))

    return office, actor(3001, "draw"), actor(3002, "publish", "read"), actor(3003, "work", "read")


def publish(count: int) -> None:
    """Publish the drawing so many times, version after version."""
    from tongzheng.kernel.cases import api
    from tongzheng.kernel.core.text import T

    _, drawer, publisher, _ = people()
    for n in range(count):
        draft = api.save_drawing(
            actor=drawer, key="bench", content=drawing(f"审批{n}"), title=T("审批", "Approval"), prefix="BP",
            basis=T("《行政许可法》", "Administrative Licence Law"),
        )  # fmt: skip
        api.publish_drawing(draft.id, actor=publisher)


def ours(_url: str, _worker: int) -> Callable[[int], None]:
    """Return one approval through the door."""
    from tongzheng.kernel.cases import api

    office, _, _, clerk = people()

    def life(n: int) -> None:
        case = api.open_case(
            "drawn.bench", actor=clerk, title="滨河路占道施工", facts={"area": 120, "what": "管道抢修"},
            region="141102001", organisation=office,
        )  # fmt: skip
        for step in range(1, STEPS + 1):
            case = api.move_case(
                case.id,
                f"@t{step}",
                actor=clerk,
                version=case.version,
                note="同意",
                data={"opinion": "材料齐全"},
            )
        assert case.phase == "closed"

    return life


STATE = (
    '{"status":"running","n":7,"tokens":{"7":{"at":"t3","in":"1","wait":"task","org":1,"due":"2026-11-26T18:00:00+08:00",'
    '"soon":"2026-11-25T18:00:00+08:00"}},"scopes":{"1":{"of":"P","up":null,"by":"","vars":{"region":"141102001",'
    '"organisation":1,"area":120,"what":"管道抢修","case_number":"BP2026112312345678","opener":1,"starter":3003,'
    '"opinion":"材料齐全"},"live":1}},"timers":{},"home":1,"limits":["2026-12-07T18:00:00+08:00",null]}'
)
BODY = (
    '{"data":"74e6f7298a9c2d168935f58c001bad88","drawing":1,"due":"2026-11-26T18:00:00+08:00","from":"t2","note":'
    '"74e6f7298a9c2d168935f58c001bad88","organisation":1,"step":"t2","to":"t3","version":3}'
)


def floor(url: str, worker: int) -> Callable[[int], None]:
    """Return the same approval as bare SQL: what a step reads, then the same rows, in one transaction a step."""
    connection = psycopg.connect(url, autocommit=True)
    connection.prepare_threshold = 1
    run = connection.execute
    base = (int(time.time()) << 26) + (worker << 20)

    def common(id: int, number: str, n: int, move: str, act: str) -> None:
        now = datetime.now(UTC)
        run(
            "INSERT INTO cases_event (case_id, n, kind, move, from_state, to_state, at, actor_id, actor_label,"
            " organisation_id, organisation_label, note, data, sealed, document, wording_id)"
            " VALUES (%s, %s, 'move', %s, 't1', 't2', %s, 3003, '张＊ · 审批局 科员', 1, '审批局', '同意', %s, NULL, '', 1)",
            (id, n, move, now, '{"opinion": "材料齐全", "@path": ["t2_t3", "t3"]}'),
        )
        run(
            "INSERT INTO ledger_entry (at, act, subject, actor, label, body, salt, digest)"
            " VALUES (%s, %s, %s, 3003, '张＊ · 审批局 科员', %s, %s, %s) RETURNING id",
            (now, act, f"case:{number}", BODY, os.urandom(16), os.urandom(32)),
        )

    def task(id: int, step: int) -> None:
        now = datetime.now(UTC)
        run(
            "INSERT INTO cases_task (case_id, role, kind, region, organisation_id, handler_id, waits, opened_at, due_at,"
            " soon_at, token) VALUES (%s, 0, %s, '141102001', 1, NULL, false, %s, %s, %s, %s)",
            (id, f"drawn.bench/t{step}", now, now + timedelta(days=3), now + timedelta(days=2), step),
        )

    def life(n: int) -> None:
        id, now = base + n, datetime.now(UTC)
        number = f"BP20261123{id}"
        with connection.transaction():
            run(
                "INSERT INTO cases_case (id, number, type_id, state, phase, version, events, title, region,"
                " organisation_id, organisation_label, opener_id, handler_label, mover_id, made, applicant_label,"
                " applicant_lang, applicant_sealed, opened_at, due_at, soon_at, subject, facts, sealed, documents, rules)"
                " VALUES (%s, %s, 'drawn.bench', 't1', 0, 1, 1, '滨河路占道施工', '141102001', 1, '审批局', 1, '', 3003,"
                " '{}', '', 'zh', '', %s, %s, %s, '', %s, '', '{}', 'abcdefabcdef')",
                (
                    id,
                    number,
                    now,
                    now + timedelta(days=3),
                    now + timedelta(days=2),
                    '{"area": 120, "what": "管道抢修"}',
                ),
            )
            run(
                "INSERT INTO cases_clock (case_id, name, unit, amount, extended, calendar, started_at, due_at, soon_at)"
                " VALUES (%s, 'process', 'working_day', 10, 0, 0, %s, %s, %s)",
                (id, now, now + timedelta(days=14), now + timedelta(days=10)),
            )
            run(
                "INSERT INTO cases_words (case_id, marks) VALUES (%s, %s)",
                (id, list(range(1_000_000, 1_000_024))),
            )
            run(
                "INSERT INTO cases_process (case_id, version_id, state, troubled) VALUES (%s, 1, %s, false)",
                (id, STATE),
            )
            task(id, 1)
            common(id, number, 1, "", "cases.open")
        for step in range(1, STEPS + 1):
            now = datetime.now(UTC)
            with connection.transaction():
                run(
                    "SELECT c.*, p.version_id, p.state FROM cases_case c JOIN cases_process p ON p.case_id = c.id"
                    " WHERE c.id = %s",
                    (id,),
                ).fetchone()
                last = step == STEPS
                run(
                    "UPDATE cases_case SET state = %s, phase = %s, version = version + 1, events = events + 1,"
                    " mover_id = 3003, due_at = %s, soon_at = %s, closed_at = %s, stopped_at = %s"
                    " WHERE id = %s AND version = %s",
                    (
                        *("ended" if last else f"t{step + 1}", 2 if last else 0, now + timedelta(days=3)),
                        *(now + timedelta(days=2), now if last else None, now if last else None, id, step),
                    ),
                )
                run("UPDATE cases_process SET state = %s WHERE case_id = %s", (STATE, id))
                run(
                    "UPDATE cases_task SET done_at = %s, done_by = 3003, ended = %s WHERE case_id = %s"
                    " AND done_at IS NULL AND token = %s",
                    (now, "drawn.bench/ended" if last else None, id, step),
                )
                if last:
                    run(
                        "UPDATE cases_clock SET stopped_at = %s WHERE case_id = %s AND stopped_at IS NULL",
                        (now, id),
                    )
                else:
                    task(id, step + 1)
                common(id, number, step + 1, f"@t{step}", "cases.step")

    return life


CLIENTS = 2
KINDS = {"ours": ours, "floor": floor}


def _work(kind: str, url: str, worker: int, seconds: float, results: Any, barrier: Any) -> None:
    os.environ["DATABASE_URL"] = url
    import django

    django.setup()
    life = KINDS[kind](url, worker)
    for n in range(3):
        life(n)
    barrier.wait(120)
    until = time.perf_counter() + seconds
    count, n, cpu = 0, 1000 * (worker + 1), time.process_time()
    while time.perf_counter() < until:
        life(n := n + 1)
        count += 1
    results.put((count, time.process_time() - cpu))


def measure(kind: str, url: str, *, clients: int, seconds: float) -> tuple[float, float]:
    """Return how many a second, and the CPU of a client for one, in milliseconds."""
    context = multiprocessing.get_context("spawn")
    results, barrier = context.Queue(), context.Barrier(clients)
    workers = [
        context.Process(target=_work, args=(kind, url, n, seconds, results, barrier), daemon=True)
        for n in range(clients)
    ]
    for worker in workers:
        worker.start()
    got = [results.get(timeout=seconds + 180) for _ in workers]
    for worker in workers:
        worker.join()
    count = sum(c for c, _ in got)
    return count / seconds, sum(c for _, c in got) / max(count, 1) * 1000


def versions(count: int, rounds: int = 5) -> float:
    """Return how many times as long a step takes over so many versions as over one, in this process."""
    from tongzheng.kernel.cases import api
    from tongzheng.kernel.cases.drawn import living

    office, _, _, clerk = people()

    def opened() -> int:
        return api.open_case(
            "drawn.bench", actor=clerk, title="占道施工", facts={"area": 120, "what": "管道抢修"}, region="141102001",
            organisation=office,
        ).id  # fmt: skip

    one = [opened() for _ in range(count)]
    many = []
    for _ in range(count):
        publish(1)
        living.look_again()
        many.append(opened())
    took: dict[str, list[float]] = {"one": [], "many": []}
    for step in range(1, rounds + 1):
        for name, cases in (("one", one), ("many", many)):
            began = time.perf_counter()
            for id in cases:
                api.move_case(id, f"@t{step}", actor=clerk, data={"opinion": "同意"})
            took[name].append((time.perf_counter() - began) / count * 1000)
    print(f"\nsteps over {count:,} running versions, ms each")
    for name in ("one", "many"):
        print(f"  {name:5} {'  '.join(f'{ms:.2f}' for ms in took[name])}")
    # The first round reads every version once; after that all are known.
    return median(took["one"][1:]) / median(took["many"][1:])


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 0 if every target is met."""
    parser = argparse.ArgumentParser(prog="bench.processes")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--versions", type=int, default=1000)
    chosen = parser.parse_args(arguments)
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    publish(1)
    url = os.environ["DATABASE_URL"]
    connections.close_all()
    got: dict[str, list[tuple[float, float]]] = {"floor": [], "ours": []}
    for _ in range(chosen.rounds):
        for kind in got:
            got[kind].append(measure(kind, url, clients=chosen.clients, seconds=chosen.seconds))
    ratio = median(o[0] / f[0] for o, f in zip(got["ours"], got["floor"], strict=True))
    print(f"approvals of {STEPS} tasks ({STEPS + 1} transactions each), {chosen.clients} clients")
    for kind, found in got.items():
        print(
            f"  {kind:6} {median(rate for rate, _ in found):7.1f} a second"
            f"   CPU of a client {median(cpu for _, cpu in found):6.2f} ms"
        )
    good = ratio >= TARGET
    print(f"  ratio  {ratio:7.2f} × the floor   {'ok' if good else 'MISSED'} (≥ {TARGET:g})")
    same = versions(chosen.versions)
    print(
        f"  ratio  {same:7.2f} × the speed of one   {'ok' if same >= TARGET_VERSIONS else 'MISSED'} (≥ {TARGET_VERSIONS:g})"
    )
    return 0 if good and same >= TARGET_VERSIONS else 1


if __name__ == "__main__":
    sys.exit(main())
