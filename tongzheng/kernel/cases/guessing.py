"""Number and query code as a key: checked without a look at the case, and closed to those who guess."""

from __future__ import annotations

from functools import partial

from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import numbers

WRONG_CODES, SECONDS = 10, 600
NO_PROGRESS = T("没有查到，请核对受理编号和查询码", "Nothing found; please check the number and the code")


def check_code(number: str, code: str) -> str:
    """Return the number as it is kept, if the code belongs to it. Raises Missing, Throttled.

    Wrong codes are counted by number, for all processes together: a guesser is stopped long before one is likely to
    fit, and while stopped the right code is refused too, so that an answer tells nothing.
    """
    number = number.strip().upper()[:64]
    tries = partial(identity.pace, "cases.code", number, limit=WRONG_CODES, seconds=SECONDS)
    tries(count=False)
    if not numbers.code_fits(number, code[:64]):
        tries()
        raise Missing(NO_PROGRESS)
    return number
