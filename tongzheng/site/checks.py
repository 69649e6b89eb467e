"""What the site itself looks at: the machine under the city. The packages look at their own parts."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import chinese_calendar
from django.conf import settings
from django.db import connection

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.health import Check
from tongzheng.kernel.core.text import T

LITTLE, TOO_LITTLE = 5 * 2**30, 2**29
"""Free bytes of the data folder below which somebody should act, and below which the city is about to stop."""
MEMORY = 2 * 2**30


def checks() -> Iterator[Check]:
    """Yield the looks at database, disk, keys, clock, calendar, memory and how the city is reached."""
    yield from _database()
    yield _disk()
    yield _keys()
    yield _calendar()
    yield _memory()
    yield _reached()
    yield _background()


def _database() -> Iterator[Check]:
    title = T("数据库", "Database")
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit'),"
            " pg_database_size(current_database()), clock_timestamp(), pg_encoding_to_char(encoding)"
            " FROM pg_database WHERE datname = current_database()"
        )
        version, fsync, commit, size, at, encoding = cursor.fetchone()
    took = (time.perf_counter() - began) * 1000
    own = " · ".join([f"PostgreSQL {version.split()[0]}", f"{size // 2**20} MB", f"{took:.0f} ms", encoding])
    major = int(version.split(".")[0].split()[0])
    if major < 15 or encoding != "UTF8":
        yield Check(
            "site.database",
            title,
            False,
            T(f"{own}；需要 15 以上、UTF8", f"{own}; 15 or newer and UTF8 needed"),
            "failed",
        )
    elif fsync != "on" or commit == "off":
        words = T(
            f"{own}；fsync 或 synchronous_commit 已关闭，断电会丢数据",
            f"{own}; fsync or synchronous_commit is off: a power cut loses data",
        )
        yield Check("site.database", title, False, words, "failed")
    else:
        yield Check("site.database", title, True, T(own, own), "ok")
    apart = abs((datetime.now(UTC) - at).total_seconds())
    words = T("与数据库相差 {s} 秒", "{s} s from the database's").fill(s=f"{apart:.1f}")
    yield Check("site.clock", T("时钟", "Clock"), apart < 2, words, "ok" if apart < 2 else "failed")


def _disk() -> Check:
    free = shutil.disk_usage(settings.DATA).free
    words = T("{folder} 剩余 {n} GB", "{n} GB free in {folder}").fill(
        folder=settings.DATA, n=f"{free / 2**30:.1f}"
    )
    level = "failed" if free < TOO_LITTLE else "warning" if free < LITTLE else "ok"
    return Check("site.disk", T("磁盘空间", "Disk space"), level == "ok", words, level)


def _keys() -> Check:
    path: Path = settings.DATA / "secrets.json"
    open_to_others = path.stat().st_mode & 0o077
    if open_to_others:
        words = T("{path} 其他用户可读，请 chmod 600", "{path} can be read by others: chmod 600").fill(
            path=path
        )
        return Check("site.keys", T("密钥", "Keys"), False, words, "failed")
    return Check(
        "site.keys", T("密钥", "Keys"), True, T("只有所有者可读", "readable by their owner only"), "ok"
    )


def _calendar() -> Check:
    """Working days come from the State Council's list of holidays, published once a year for the next."""
    known = max(day.year for day in chinese_calendar.holidays)
    today = clock.today()
    late = known < today.year or (known == today.year and today.month == 12)
    words = T("法定节假日已知到 {year} 年", "Public holidays are known up to {year}").fill(year=known)
    level = "failed" if known < today.year else "warning" if late else "ok"
    return Check("site.calendar", T("工作日历", "Calendar of working days"), level == "ok", words, level)


def _memory() -> Check:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    level = "ok" if total >= MEMORY * 0.9 else "warning"
    words = T("{n} GB，{c} 核", "{n} GB, {c} cores").fill(n=f"{total / 2**30:.1f}", c=os.cpu_count())
    return Check("site.memory", T("内存与处理器", "Memory and processors"), level == "ok", words, level)


def _reached() -> Check:
    named = bool(os.environ.get("TONGZHENG_HOSTS"))
    title, hosts = T("访问方式", "How it is reached"), ", ".join(settings.ALLOWED_HOSTS)
    if named and not settings.SECURE_TLS:
        words = T(
            f"{hosts}：未启用 TLS（TONGZHENG_TLS=1），登录信息会明文传输",
            f"{hosts}: no TLS (TONGZHENG_TLS=1); sign-ins travel in the open",
        )
        return Check("site.hosts", title, False, words, "warning")
    return Check("site.hosts", title, True, T(hosts, hosts), "ok")


def _background() -> Check:
    title = T("后台任务", "Work beside requests")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE status = 'todo' AND coalesce(scheduled_at, now()) < now() - interval '10 min'),"
            " count(*) FILTER (WHERE status = 'failed') FROM procrastinate_jobs"
        )
        late, failed = cursor.fetchone()
    words = T(
        "{late} 个任务迟于十分钟，{failed} 个失败", "{late} jobs more than ten minutes late, {failed} failed"
    )
    level = "warning" if late or failed else "ok"
    return Check("site.jobs", title, level == "ok", words.fill(late=late, failed=failed), level)
