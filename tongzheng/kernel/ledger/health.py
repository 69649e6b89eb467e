"""Whether the ledger keeps up, is signed by this city's key, and has room for files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.health import Check
from tongzheng.kernel.core.text import T

from . import notes

LATE = 60
"""Seconds without a checkpoint, while entries wait, before somebody should look at the background process."""


def checks() -> Iterator[Check]:
    """Yield the disk, the integrator's delay and the signature of the latest checkpoint."""
    yield _disk()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.origin, t.size, c.at, c.note, EXISTS ("
            "SELECT FROM ledger_entry e WHERE e.id > t.low_id AND e.at < %s"
            " AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.entry_id = e.id AND l.entry_id > t.low_id))"
            " FROM ledger_tree t LEFT JOIN LATERAL"
            " (SELECT at, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1) c ON true",
            [clock.now() - timedelta(seconds=LATE)],
        )
        origin, size, at, note, waiting = cursor.fetchone()
    late = int((clock.now() - at).total_seconds()) if at else 0
    slow = bool(waiting and (late > LATE or not at))
    words = (
        T(
            "有条目等候入账，上一检查点在 {late} 秒前",
            "Entries are waiting; the last checkpoint was {late} s ago",
        )
        if slow
        else T("账本共 {size} 条，入账及时", "{size} entries; integration keeps up")
    )
    yield Check(
        "ledger.integrator",
        T("账本入账", "Ledger integration"),
        not slow,
        words.fill(late=late, size=size),
        "warning" if slow else "ok",
    )
    yield _signature(origin, note)


def _signature(origin: str, note: str | None) -> Check:
    title = T("账本签名", "Ledger signature")
    if note is None:
        return Check("ledger.key", title, True, T("还没有检查点", "There is no checkpoint yet"), "ok")
    try:
        point = notes.read(note, origin=origin, key=notes.city_key())
    except notes.BadNote as error:
        words = T(
            "最新检查点不是用本市密钥签署的",
            "The latest checkpoint is not signed with this city's key: {error}",
        )
        return Check("ledger.key", title, False, words.fill(error=error), "failed")
    words = T("检查点 {size} 签名有效", "Checkpoint {size} is validly signed").fill(size=point.size)
    return Check("ledger.key", title, True, words, "ok")


def _disk() -> Check:
    """Warn while there is still room to act: under a tenth or 5 GB; fail under twenty of the largest uploads."""
    title, folder = T("文件存储空间", "Room for files"), Path(settings.FILES)
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    words = T("剩余 {free} GB，共 {total} GB", "{free} GB free of {total} GB").fill(
        free=round(usage.free / 2**30, 1), total=round(usage.total / 2**30, 1)
    )
    if usage.free < 20 * settings.UPLOAD_LIMIT:
        return Check("ledger.disk", title, False, words, "failed")
    if usage.free < min(usage.total // 10, 5 * 2**30):
        return Check("ledger.disk", title, True, words, "warning")
    return Check("ledger.disk", title, True, words, "ok")
