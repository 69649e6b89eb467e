"""How often something open to the public may be tried, counted in the database for all processes together.

A window begins with the first try and ends after its seconds; each counting is one statement, which many at once make
one after the other. Sign-in has its own, longer waits (`signin.py`, `passwords.py`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Throttled
from tongzheng.kernel.core.sealing import blind
from tongzheng.kernel.core.text import T

_COUNT = (
    "INSERT INTO identity_pace AS p (key, count, ends) VALUES (%s, 1, %s) ON CONFLICT (key) DO UPDATE SET"
    " count = CASE WHEN p.ends <= %s THEN 1 ELSE LEAST(p.count, 1000000) + 1 END,"
    " ends = CASE WHEN p.ends <= %s THEN EXCLUDED.ends ELSE p.ends END RETURNING count, ends"
)


def pace(use: str, key: str, *, limit: int, seconds: int, count: bool = True) -> None:
    """Count one try of `key` (a number, an address) for `use`, and refuse it beyond `limit` in `seconds`.

    Args: count, False to ask only whether the limit has been reached. What is counted stays counted only if the
    caller's transaction does, so call it outside of one. Raises Throttled, which says how long to wait.
    """
    mark, now = blind(key, use=f"pace.{use}"), clock.now()
    with connection.cursor() as cursor:
        if count:
            cursor.execute(_COUNT, [mark, now + timedelta(seconds=seconds), now, now])
        else:
            cursor.execute("SELECT count, ends FROM identity_pace WHERE key = %s AND ends > %s", [mark, now])
        found = cursor.fetchone()
    if found is not None and found[0] >= limit + count:
        raise stopped(found[1], now)


def stopped(until: datetime, now: datetime) -> Throttled:
    """Return the refusal of whoever has to wait until then."""
    wait = max(1, ceil((until - now).total_seconds()))
    words = T("操作太频繁，请在 {n} 分钟后再试", "Too many attempts; try again in {n} minutes")
    return Throttled(words.fill(n=ceil(wait / 60)), wait=wait)


def address_of(request: HttpRequest) -> str:
    """Return the caller's network address; behind TONGZHENG_PROXIES proxies of ours, what the outermost of them saw."""
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    trusted: int = settings.PROXIES
    seen = hops[-trusted].strip()[:64] if trusted and len(hops) >= trusted else ""
    return seen or str(request.META.get("REMOTE_ADDR", ""))


def sweep_paces() -> int:
    """Forget the windows that have ended; return how many, at most 10,000 at a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM identity_pace WHERE key = ANY(ARRAY(SELECT key FROM identity_pace WHERE ends <= %s LIMIT 10000))",
            [clock.now()],
        )
        return int(cursor.rowcount)
