"""Number and query code as a key: checked before the database is asked, and closed to those who guess."""

from __future__ import annotations

import time
from collections import OrderedDict

from tongzheng.kernel.core.errors import Missing, Throttled
from tongzheng.kernel.core.text import T

from . import numbers


class _Tries:
    """Wrong codes of the last minutes, by number: a guesser is stopped long before a code is likely to fit."""

    MOST, SECONDS, KEPT = 10, 600.0, 10_000

    def __init__(self) -> None:
        self.seen: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wrong(self, number: str) -> None:
        """Count one more wrong code."""
        count, until = self.seen.pop(number, (0, 0.0))
        now = time.monotonic()
        self.seen[number] = (count + 1, until) if now < until else (1, now + self.SECONDS)
        while len(self.seen) > self.KEPT:
            self.seen.popitem(last=False)

    def stopped(self, number: str) -> bool:
        """Tell whether there were too many."""
        count, until = self.seen.get(number, (0, 0.0))
        return count >= self.MOST and time.monotonic() < until


_tries = _Tries()
NO_PROGRESS = T("没有查到，请核对受理编号和查询码", "Nothing found; please check the number and the code")


def check_code(number: str, code: str) -> str:
    """Return the number as it is kept, if the code belongs to it. Raises Missing, Throttled."""
    number = number.strip().upper()[:64]
    if _tries.stopped(number):
        raise Throttled()
    if not numbers.code_fits(number, code[:64]):
        _tries.wrong(number)
        raise Missing(NO_PROGRESS)
    return number
