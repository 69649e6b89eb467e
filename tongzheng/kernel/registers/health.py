"""Whether imports move on, and whether every large register has the indexes that its declaration needs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db import connection

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.health import Check
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T

from .checks import slow
from .kinds import Register
from .tables import describe

LARGE = 50_000
WAITING = timedelta(minutes=5)


def checks() -> Iterator[Check]:
    """Yield the state of imports and of large registers' indexes."""
    yield _imports()
    yield _indexes()


def _imports() -> Check:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM registers_import WHERE state IN ('checking', 'running')"
            " AND coalesce(beat_at, created_at) < %s",
            [clock.now() - WAITING],
        )
        still = int(cursor.fetchone()[0])
    words = (
        T("{n} 个导入超过 5 分钟没有动静", "{n} imports have not moved for 5 minutes").fill(n=still)
        if still
        else T("没有停住的导入", "No import stands still")
    )
    return Check(
        "registers.imports", T("台账导入", "Imports"), not still, words, "warning" if still else "ok"
    )


def _indexes() -> Check:
    tables = [describe(id, register) for id, register in registry.of(Register).items()]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND reltuples > %s AND relname = ANY(%s)",
            [LARGE, [t.model._meta.db_table for t in tables]],
        )
        large = {name for (name,) in cursor.fetchall()}
    found = [f"{t.id}: {words}" for t in tables if t.model._meta.db_table in large for words in slow(t)]
    words = (
        T("大台账缺少索引：{list}", "Large registers lack indexes: {list}").fill(list="; ".join(found[:5]))
        if found
        else T("大台账的索引齐全", "Large registers have their indexes")
    )
    return Check(
        "registers.indexes", T("台账索引", "Register indexes"), not found, words, "warning" if found else "ok"
    )
