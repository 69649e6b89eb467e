"""What a register costs: its list beside the bare SQL of the same page, and a large import.

    createdb scratch && DATABASE_URL=postgresql:///scratch python -m bench.registers_bench [rows] [import rows]

Fills a register of an empty database with 10,000 and then with `rows` rows (1,000,000) and prints, for several
pages, the median and the 95th percentile of the whole request (address to HTML, in this process) and of the bare
statement, in milliseconds. Then imports a file of `import rows` (100,000) as XLSX and as CSV, and once more the
same file, and prints time and the process's peak memory. Floors: median ≤ bare + 40 ms, p95 ≤ 150 ms, and at most
1.3 × the same page at 10,000 rows.
"""

from __future__ import annotations

import io
import os
import resource
import sys
import time
from collections.abc import Callable
from statistics import median, quantiles

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongzheng.site.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client, override_settings  # noqa: E402

import tongzheng.site.middleware as middleware  # noqa: E402
from tongzheng.kernel.core.registry import registry  # noqa: E402
from tongzheng.kernel.identity.api import SYSTEM  # noqa: E402
from tongzheng.kernel.registers import api, import_work  # noqa: E402
from tongzheng.kernel.registers.output import SheetOut, write_csv, write_xlsx  # noqa: E402
from tongzheng.kernel.registers.tests import trial  # noqa: E402

ROUNDS = 40
FILL = """
INSERT INTO trial_dam (name, code, kind, owner_sealed, owner_masked, phone, uscc, region, height, people, built,
  active, note, version, created_at, changed_at)
SELECT (ARRAY['贺','张','王','李','赵','刘','郝','薛'])[1 + n %% 8] || '家' || (ARRAY['湾','沟','岭','峪','塔'])[1 + n %% 5]
    || (ARRAY['淤地坝','骨干坝','谷坊'])[1 + n %% 3] || n,
  'LD' || lpad(n::text, 7, '0'), (ARRAY['check','earth'])[1 + n %% 2], '', '', '', '',
  (ARRAY['141102','141181','141124','141125','141121','141127'])[1 + n %% 6],
  (n * 7919 %% 400)::numeric / 10, n * 31 %% 900,
  CASE WHEN n %% 9 = 0 THEN NULL ELSE date '1960-01-01' + (n * 7919 %% 23000)::int END, n %% 5 <> 0,
  CASE WHEN n %% 97 = 0 THEN '除险加固已完成' ELSE '' END, 1, now(), now()
FROM generate_series(%s::bigint, %s::bigint) AS n
"""
HEAD = "SELECT id, version, NULL, name, name, code, kind, owner_masked, phone, uscc, region, organisation, height,"
HEAD += " cost, people, built, checked, active, note, created_at FROM trial_dam "
PAGES: dict[str, tuple[str, str]] = {
    "first page": ("", HEAD + "ORDER BY id DESC LIMIT 51"),
    "one county": ("?f.region=141124", HEAD + "WHERE region LIKE '141124%' ORDER BY id DESC LIMIT 51"),
    "by date": (
        "?sort=-built",
        HEAD + "WHERE built IS NOT NULL ORDER BY built DESC, id DESC LIMIT 51",
    ),
    "search, one name": (
        "?words=淤地坝4710",
        HEAD + "WHERE registers_grams(name, note) @> '{淤地,地坝,坝4,47,71,10}'::text[]"
        " AND (name LIKE '%淤地坝4710%' OR note LIKE '%淤地坝4710%') ORDER BY id DESC LIMIT 51",
    ),
    "search, 1 in 97": (
        "?words=加固",
        HEAD
        + "WHERE registers_grams(name, note) @> '{加固}'::text[] AND (name LIKE '%加固%' OR note LIKE '%加固%')"
        " ORDER BY id DESC LIMIT 51",
    ),
    "search, 1 in 3": (
        "?words=骨干坝",
        HEAD + "WHERE registers_grams(name, note) @> '{骨干,干坝}'::text[]"
        " AND (name LIKE '%骨干坝%' OR note LIKE '%骨干坝%') ORDER BY id DESC LIMIT 51",
    ),
    "one code": ("?f.code=LD0000500", HEAD + "WHERE code = 'LD0000500' ORDER BY id DESC LIMIT 51"),
}


def timed(call: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float, float]:
    """Return median, 95th percentile and median CPU time of this process for a call, in milliseconds."""
    call()
    took, cpu = [], []
    for _ in range(rounds):
        start, used = time.perf_counter(), time.process_time()
        call()
        took.append((time.perf_counter() - start) * 1000)
        cpu.append((time.process_time() - used) * 1000)
    return median(took), quantiles(took, n=20)[18], median(cpu)


def bare(sql: str) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def prepare() -> None:
    call_command("migrate", verbosity=0)
    registry.add(trial.SYSTEM)
    middleware.actor_from = lambda request: trial.clerk()  # type: ignore[assignment]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS trial_dam, trial_remark CASCADE")
    with connection.schema_editor() as editor:
        editor.create_model(trial.Dam)


def fill(first: int, last: int) -> None:
    with connection.cursor() as cursor:
        for start in range(first, last + 1, 100_000):
            cursor.execute(FILL, [start, min(start + 99_999, last)])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE trial_dam")


def lists(size: int) -> dict[str, float]:
    client = Client()
    found = {}
    for name, (query, sql) in PAGES.items():
        answer = client.get(f"/registers/trial.dams/{query}")
        assert answer.status_code == 200, answer.content[:500]
        page, p95, cpu = timed(lambda query=query: client.get(f"/registers/trial.dams/{query}"))
        floor, _, _ = timed(lambda sql=sql: bare(sql))
        found[name] = page
        print(
            f"{size:>9,} {name:<16} page {page:6.1f} p95 {p95:6.1f} CPU {cpu:5.1f}   bare {floor:6.1f}   over it {page - floor:+6.1f}"
        )
    # Far into the list: the five-thousandth page costs what the first one does.
    far = api.rows("trial.dams", actor=SYSTEM, sort="code", limit=1)
    place = far.next
    deep, _, _ = timed(lambda: api.rows("trial.dams", actor=SYSTEM, sort="code", after=place))
    print(f"{size:>9,} door only, next page by code {deep:.1f} ms")
    return found


def sheet(count: int) -> list[tuple[object, ...]]:
    head = ("名称", "编号", "类型", "区划", "坝高", "下游人口", "建成日期", "在用", "电话", "备注")
    rows: list[tuple[object, ...]] = [head]
    for n in range(count):
        bad = n % 100 == 99
        rows.append(
            (f"导入坝{n}", f"IM{n:07d}", "淤地坝", "999999" if bad else "141102", n % 300 / 10, n % 900,
             f"20{n % 24:02d}-0{n % 9 + 1}-1{n % 10}", "是", "0358-8222222", "")
        )  # fmt: skip
    return rows


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def entering(name: str, body: bytes) -> None:
    start, before = time.perf_counter(), peak()
    view = api.import_rows("trial.dams", actor=SYSTEM, file=body, name=name)
    taken = time.perf_counter() - start
    while api.import_of(view.id, actor=SYSTEM).state == "checking":
        import_work.advance()
    checked = time.perf_counter() - start
    ready = api.import_of(view.id, actor=SYSTEM)
    api.import_go(view.id, actor=SYSTEM)
    while import_work.advance():
        pass
    done = api.import_of(view.id, actor=SYSTEM)
    total = time.perf_counter() - start
    print(
        f"import {name}: {len(body) / 2**20:.1f} MB, {ready.total:,} rows, taken in {taken:.1f} s, checked after"
        f" {checked:.1f} s, entered after {total:.1f} s ({done.total / total:,.0f} rows/s);"
        f" added {done.creates:,}, unchanged {done.unchanged:,}, came back {done.bad:,}; peak memory {before} → {peak()} MB"
    )


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    imported = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    prepare()
    fill(1, 10_000)
    small = lists(10_000)
    fill(10_001, rows)
    large = lists(rows)
    for name, took in large.items():
        print(f"{name:<16} {took / small[name]:.2f} × the page at 10,000")
    out = io.BytesIO()
    write_xlsx(out, [SheetOut("坝", sheet(imported))])
    entering("a.xlsx", out.getvalue())
    entering("a.xlsx again", out.getvalue())
    out = io.BytesIO()
    write_csv(out, [(r[0], f"B{r[1]}" if n else r[1], *r[2:]) for n, r in enumerate(sheet(imported))])
    entering("b.csv", out.getvalue())
    start = time.perf_counter()
    size = sum(
        map(
            len,
            api.export(
                "trial.dams", actor=SYSTEM, form="xlsx", filters={"kind": "check", "region": "141102"}
            ),
        )
    )
    print(
        f"export: {size / 2**20:.1f} MB of XLSX in {time.perf_counter() - start:.1f} s; peak memory {peak()} MB"
    )


with override_settings(ALLOWED_HOSTS=["*"]):
    if __name__ == "__main__":
        main()
