"""Saved views: a named query on a register, of one person or shared with their organisation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import Actor, require
from tongzheng.kernel.ledger.api import append

from .shapes import SavedView
from .tables import table_of

LIMIT = 50
KEYS = ("words", "filters", "sort", "columns")


def views(register_id: str, *, actor: Actor) -> tuple[SavedView, ...]:
    """Return the actor's own views of a register and those shared with their organisations, by name."""
    table = table_of(register_id)
    require(actor, table.register.reads)
    if actor.id is None:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, name, query, organisation, account FROM registers_view WHERE register = %s AND"
            " (account = %s OR organisation = ANY(%s)) ORDER BY name, id LIMIT %s",
            [register_id, actor.id, [p.organisation_id for p in actor.posts], LIMIT],
        )
        return tuple(
            SavedView(
                id=row[0],
                name=row[1],
                query=json.loads(row[2]) if isinstance(row[2], str) else row[2],
                shared=row[3] is not None,
                mine=row[4] == actor.id,
            )
            for row in cursor.fetchall()
        )


def save_view(
    register_id: str, *, actor: Actor, name: str, query: Mapping[str, Any], shared: bool = False
) -> SavedView:
    """Keep a view under a name, replacing the actor's own of that name.

    Args: query, with any of words, filters, sort, columns; shared, also for the actor's first post's organisation.
    Raises Missing, SignInNeeded, Refused, Invalid (no name, too many views).
    """
    table = table_of(register_id)
    require(actor, table.register.reads)
    if actor.id is None:
        raise SignInNeeded()
    name = " ".join(name.replace("\x00", "").split())[:60]
    if not name:
        raise Invalid(fields={"name": T("请给视图起个名字", "Give the view a name")})
    if shared and not actor.posts:
        raise Refused(T("没有岗位，不能共享视图", "Without a post a view cannot be shared"))
    kept = {key: query[key] for key in KEYS if query.get(key)}
    body = json.dumps(kept, ensure_ascii=False)
    if len(body) > 8000:
        raise Invalid(fields={"name": T("视图条件过多", "The view holds too many conditions")})
    organisation = actor.posts[0].organisation_id if shared else None
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM registers_view WHERE register = %s AND account = %s",
            [register_id, actor.id],
        )
        if cursor.fetchone()[0] >= LIMIT:
            raise Invalid(
                fields={"name": T("视图已满，请先删除一些", "There are too many views; delete some first")}
            )
        cursor.execute(
            "INSERT INTO registers_view (register, name, query, account, organisation, created_at)"
            " VALUES (%s, %s, %s::jsonb, %s, %s, %s) ON CONFLICT (register, account, name)"
            " DO UPDATE SET query = excluded.query, organisation = excluded.organisation RETURNING id",
            [register_id, name, body, actor.id, organisation, clock.now()],
        )
        id = int(cursor.fetchone()[0])
        if shared:
            append(
                act="registers.share_view",
                subject=f"{register_id}:view:{id}",
                actor=actor.id,
                label=actor.label,
                body={"organisation": organisation},
            )
    return SavedView(id, name, kept, shared, True)


def drop_view(register_id: str, *, actor: Actor, id: int) -> None:
    """Delete one of the actor's own views. Raises Missing for another's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM registers_view WHERE id = %s AND register = %s AND account = %s",
            [id, register_id, actor.id],
        )
        if not cursor.rowcount:
            raise Missing()
