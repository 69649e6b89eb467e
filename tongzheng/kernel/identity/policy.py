"""The few numbers of security that the security administrator may set, within bounds."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from tongzheng.kernel.core.text import T


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the policy: what it means, what it is unless set, and between what it may be set."""

    name: str
    title: T
    default: int
    least: int
    most: int
    help: T


DAYS = Number(
    "administrator_password_days",
    T("管理员口令有效天数", "Days an administrator's password lives"),
    90,
    0,
    365,
    T("0 表示不到期", "0 means for ever"),
)
FAILURES = Number(
    "account_failures",
    T("连续失败几次后锁定", "Failures in a row before locking"),
    5,
    3,
    10,
    T("按用户名计算，用户名不存在也一样", "Counted by user name, whether or not it exists"),
)
MINUTES = Number(
    "lock_minutes",
    T("首次锁定分钟数", "Minutes of the first lock"),
    15,
    5,
    120,
    T("以后每次加倍，最长一天", "Doubles each time, at most a day"),
)
NUMBERS = (DAYS, FAILURES, MINUTES)


def numbers() -> dict[str, int]:
    """Return every number of the policy as it stands; one statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, value FROM identity_policy")
        stored = dict(cursor.fetchall())
    return {number.name: stored.get(number.name, number.default) for number in NUMBERS}
