"""Standing in for the holder of a post for a time: the powers of the post follow, and every record names both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.text import T
from tongzheng.kernel.ledger.api import append

from .actors import may, roles_declared
from .models import Account, Post, PostHolding
from .views import Actor

LONGEST = timedelta(days=366)
_COLUMNS = (
    "s.id, s.account_id, b.label, s.post_id, p.title, o.name, s.stand_in_id, a.label, s.since, s.until, s.reason,"
    " s.ended_at FROM identity_stand_in s JOIN identity_account b ON b.id = s.account_id"
    " JOIN identity_account a ON a.id = s.stand_in_id JOIN identity_post p ON p.id = s.post_id"
    " JOIN identity_organisation o ON o.id = p.organisation_id"
)


@dataclass(frozen=True, slots=True)
class StandInView:
    """Who stands in for whom at which post, from when until when. `now`: it holds at this moment."""

    id: int
    account_id: int
    label: str
    post_id: int
    post: str
    organisation: str
    stand_in_id: int
    stand_in: str
    since: datetime
    until: datetime
    reason: str
    ended_at: datetime | None
    now: bool = False


def stand_in(
    *,
    actor: Actor,
    post_id: int,
    stand_in: int,
    until: datetime,
    reason: str,
    account_id: int | None = None,
    since: datetime | None = None,
) -> int:
    """Let a colleague act from one's post for a time, and return the record's id.

    Args: post_id, a post that one holds; stand_in, the colleague's account, of the same body; since and until, aware,
    at most 366 days apart, since the present by default; reason, 2 to 200 characters; account_id, the holder, when an
    administrator with identity.posts there names the stand-in. A stand-in cannot pass the post on, and the separated
    administrators cannot be stood in for. Raises SignInNeeded, Refused, Invalid (fields named), Conflict, Missing.
    """
    if actor.id is None:
        raise SignInNeeded()
    now = clock.now()
    since = max(since or now, now)
    holder = actor.id if account_id is None else account_id
    post = Post.objects.select_related("organisation").filter(pk=post_id, is_active=True).first()
    held = PostHolding.objects.filter(account_id=holder, post_id=post_id, until__isnull=True).exists()
    if post is None or not held:
        raise Missing(T("没有担任这个岗位", "This post is not held"))
    if holder != actor.id:
        verdict = may(actor, "identity.posts", organisation=post.organisation_id, region=post.region)
        if not verdict:
            raise Refused(verdict.why)
    declared = roles_declared()
    if any(declared[role].apart for role in post.roles if role in declared):
        raise Refused(T("三员岗位不能由他人代理", "The separated administrators cannot be stood in for"))
    slips: dict[str, T] = {}
    colleague = Account.objects.filter(pk=stand_in, kind="staff", is_active=True).first()
    body = post.organisation_id
    if colleague is None or colleague.pk == holder:
        slips["stand_in"] = T("请选择一位同事", "Choose a colleague")
    elif not PostHolding.objects.filter(
        account=colleague, until__isnull=True, post__organisation_id=body, post__is_active=True
    ).exists():
        slips["stand_in"] = T("代理人须是同一单位的人员", "A stand-in is of the same body")
    if not since < until <= since + LONGEST:
        slips["until"] = T("应晚于开始时间，最长 366 天", "After the beginning, at most 366 days later")
    if not 2 <= len(reason.strip()) <= 200 or "\0" in reason:
        slips["reason"] = T("请填写原因，2 到 200 字", "Say why, in 2 to 200 characters")
    if slips:
        raise Invalid(fields=slips)
    with transaction.atomic(), connection.cursor() as cursor:
        Account.objects.select_for_update().get(pk=holder)
        cursor.execute(
            "SELECT 1 FROM identity_stand_in WHERE account_id = %s AND post_id = %s AND ended_at IS NULL"
            " AND since < %s AND until > %s",
            [holder, post_id, until, since],
        )
        if cursor.fetchone():
            raise Conflict(T("这段时间已经指定了代理人", "Somebody stands in during that time already"))
        cursor.execute(
            "INSERT INTO identity_stand_in (account_id, post_id, stand_in_id, since, until, reason, by_id, by_label)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
            [holder, post_id, stand_in, since, until, reason.strip(), actor.id, actor.label],
        )
        (id,) = cursor.fetchone()
        append(
            act="identity.stand_in",
            subject=f"identity.account:{holder}",
            actor=actor.id,
            label=actor.label,
            body={
                "post": post_id,
                "stand_in": stand_in,
                "since": since.isoformat(),
                "until": until.isoformat(),
            },
        )
    return int(id)


def end_stand_in(*, actor: Actor, id: int) -> None:
    """End a standing-in as of now: by the holder, the stand-in, or an administrator with identity.posts there.

    Raises SignInNeeded, Refused, Missing.
    """
    if actor.id is None:
        raise SignInNeeded()
    found = _rows("WHERE s.id = %s AND s.ended_at IS NULL", [id]) if 0 < id < 2**63 else ()
    if not found:
        raise Missing(T("没有这项代理，或已结束", "There is no such stand-in, or it has ended"))
    (one,) = found
    if actor.id not in (one.account_id, one.stand_in_id):
        post = Post.objects.get(pk=one.post_id)
        verdict = may(actor, "identity.posts", organisation=post.organisation_id, region=post.region)
        if not verdict:
            raise Refused(verdict.why)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE identity_stand_in SET ended_at = %s WHERE id = %s AND ended_at IS NULL RETURNING id",
            [clock.now(), id],
        )
        if cursor.fetchone():
            append(
                act="identity.end_stand_in",
                subject=f"identity.account:{one.account_id}",
                actor=actor.id,
                label=actor.label,
                body={"post": one.post_id, "stand_in": one.stand_in_id},
            )


def stand_ins(*, account_id: int, limit: int = 50) -> tuple[StandInView, ...]:
    """Return who stands or stood in for an account, and for whom it does, newest first. The caller asks for permission."""
    return _rows(
        "WHERE s.account_id = %s OR s.stand_in_id = %s ORDER BY s.id DESC LIMIT %s",
        [account_id, account_id, max(1, min(limit, 200))],
    )


def _rows(where: str, values: list[Any]) -> tuple[StandInView, ...]:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} {where}", values)
        rows = cursor.fetchall()
    return tuple(replace(StandInView(*row), now=row[11] is None and row[8] <= now < row[9]) for row in rows)
