"""What a large import into a large register costs, and an export (its pages: `bench.cases_bench`).

    createdb scratch && DATABASE_URL=postgresql:///scratch python -m bench.registers_bench [rows] [import rows]

Fills a register of an empty database with `rows` rows (1,000,000), imports a file of `import rows` (100,000) as XLSX and
as CSV, and once more the same file, and prints time and the process's peak memory.
"""

from __future__ import annotations

import io
import os
import resource
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongzheng.site.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from bench import registers_pages  # noqa: E402
from tongzheng.kernel.core.registry import registry  # noqa: E402
from tongzheng.kernel.identity.api import SYSTEM  # noqa: E402
from tongzheng.kernel.registers import api, import_work  # noqa: E402
from tongzheng.kernel.registers.output import SheetOut, write_csv, write_xlsx  # noqa: E402
from tongzheng.kernel.registers.tests import trial  # noqa: E402


def prepare() -> None:
    call_command("migrate", verbosity=0)
    registry.add(trial.SYSTEM)
    registers_pages.make()


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
    registers_pages.fill(os.environ["DATABASE_URL"], rows)
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
                "trial.dams", actor=SYSTEM, form="xlsx", filters={"kind": "check", "region": "141124"}
            ),
        )
    )
    print(
        f"export: {size / 2**20:.1f} MB of XLSX in {time.perf_counter() - start:.1f} s; peak memory {peak()} MB"
    )


if __name__ == "__main__":
    main()
