"""What a good password is, and how long a guesser has to wait. Pure rules.

Source: GB/T 22239 level 3 asks for complexity, regular change and lockout; the numbers are our own defaults.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from tongzheng.kernel.core.text import T

MINIMUM, MAXIMUM = 10, 128
CLASSES = 3
ACCOUNT_FAILURES, ADDRESS_FAILURES = 5, 50
FIRST_LOCK, LONGEST_LOCK = timedelta(minutes=15), timedelta(hours=24)
FORGOTTEN_AFTER = timedelta(hours=24)


def password_slip(password: str, *, username: str, common: Collection[str]) -> T | None:
    """Say what is wrong with a new password, or None.

    At least 10 characters of three classes (or 16 of any two), at most 128, not one of the common ones, and
    neither containing the user name nor contained in it.
    """
    if len(password) < MINIMUM:
        return T(f"口令至少 {MINIMUM} 位", f"A password has at least {MINIMUM} characters")
    if len(password) > MAXIMUM:
        return T(f"口令最多 {MAXIMUM} 位", f"A password has at most {MAXIMUM} characters")
    kinds = sum(
        any(test(c) for c in password)
        for test in (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    )
    if any(c.isalpha() and not c.islower() and not c.isupper() for c in password):
        kinds += 1
    if kinds < (2 if len(password) >= 16 else CLASSES):
        return T(
            "口令须含大写字母、小写字母、数字、符号中的至少三类（16 位以上两类即可）",
            "Use three of capitals, small letters, digits and signs (two are enough from 16 characters)",
        )
    lower, name = password.lower(), username.strip().lower()
    if lower in common or len(set(lower)) <= 3:
        return T("这个口令太常见，容易被猜到", "This password is too common and easily guessed")
    if name and (name in lower or lower in name):
        return T("口令不能包含用户名", "The password may not contain the user name")
    return None


@dataclass(frozen=True, slots=True)
class Attempts:
    """What is remembered of the attempts on one user name or from one address."""

    failures: int = 0
    until: datetime | None = None
    last: datetime | None = None


def lock_after(failures: int, *, limit: int, first: timedelta = FIRST_LOCK) -> timedelta | None:
    """Return how long to wait after that many failures: `first` at the limit, doubling each time it is met."""
    if failures == 0 or failures % limit:
        return None
    return min(first * int(2 ** min(failures // limit - 1, 20)), LONGEST_LOCK)


def attempt(
    before: Attempts, *, limit: int, now: datetime, first: timedelta = FIRST_LOCK
) -> tuple[Attempts, bool]:
    """Return what to remember when an attempt is made, and whether it may go ahead.

    The attempt is counted as failed before it is judged, so that many at once gain nothing; success forgets.
    While locked nothing is counted, so a guesser cannot lengthen the owner's wait.
    """
    if before.until is not None and now < before.until:
        return before, False
    if before.last is None or now - before.last > FORGOTTEN_AFTER:
        before = Attempts()
    failures = before.failures + 1
    lock = lock_after(failures, limit=limit, first=first)
    return Attempts(failures, now + lock if lock else None, now), True


def forgiven(after: Attempts, *, limit: int) -> Attempts:
    """Return what to remember of an address when an attempt counted by `attempt` succeeded after all."""
    met = after.failures > 0 and after.failures % limit == 0
    return Attempts(max(after.failures - 1, 0), None if met else after.until, after.last)
