"""The one place that knows what time it is, so that a test, a demo or a drill can say otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")

_fixed: ContextVar[datetime | None] = ContextVar("tongzheng_now", default=None)


def now() -> datetime:
    """Return the current moment, aware, in China's time zone."""
    return _fixed.get() or datetime.now(UTC).astimezone(CHINA)


def today() -> date:
    """Return the current date in China."""
    return now().date()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Make `now` answer `moment` (aware) inside the block; raises ValueError for a naive moment."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    token = _fixed.set(moment.astimezone(CHINA))
    try:
        yield
    finally:
        _fixed.reset(token)
