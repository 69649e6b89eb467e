"""The pages of a register: its rows, their addresses, and the bare SQL of the same pages."""

from __future__ import annotations

from typing import Any

import psycopg

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
    "register: first page": ("", HEAD + "ORDER BY id DESC LIMIT 51"),
    "register: one county": (
        "?f.region=141124",
        HEAD + "WHERE region LIKE '141124%' ORDER BY id DESC LIMIT 51",
    ),
    "register: by date": (
        "?sort=-built",
        HEAD + "WHERE built IS NOT NULL ORDER BY built DESC, id DESC LIMIT 51",
    ),
    "register: search, a name": (
        "?words=淤地坝4710",
        HEAD + "WHERE registers_grams(name, note) @> '{淤地,地坝,坝4,47,71,10}'::text[]"
        " AND (name LIKE '%淤地坝4710%' OR note LIKE '%淤地坝4710%') ORDER BY id DESC LIMIT 51",
    ),
    "register: search, 1 in 97": (
        "?words=加固",
        HEAD
        + "WHERE registers_grams(name, note) @> '{加固}'::text[] AND (name LIKE '%加固%' OR note LIKE '%加固%')"
        " ORDER BY id DESC LIMIT 51",
    ),
    "register: search, 1 in 3": (
        "?words=骨干坝",
        HEAD + "WHERE registers_grams(name, note) @> '{骨干,干坝}'::text[]"
        " AND (name LIKE '%骨干坝%' OR note LIKE '%骨干坝%') ORDER BY id DESC LIMIT 51",
    ),
    "register: one code": ("?f.code=LD0000500", HEAD + "WHERE code = 'LD0000500' ORDER BY id DESC LIMIT 51"),
}
"""By page: what follows the register's address, and the statement."""


def make() -> None:
    """Make the table of the register in the database of this process, anew."""
    from django.db import connection

    from tongzheng.kernel.registers.tests import trial

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS trial_dam, trial_remark CASCADE")
    with connection.schema_editor() as editor:
        editor.create_model(trial.Dam)


def fill(url: str, rows: int) -> None:
    """Enter `rows` dams, a hundred thousand at a time."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        for first in range(1, rows + 1, 100_000):
            connection.execute(FILL, (first, min(first + 99_999, rows)))
        connection.execute("VACUUM (ANALYZE, FREEZE) trial_dam")


def bare(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """Return the SQL of the pages by their names."""
    return {name: lambda text=text: connection.execute(text).fetchall() for name, (_, text) in PAGES.items()}
