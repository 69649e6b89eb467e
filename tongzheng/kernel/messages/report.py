"""What became of what was sent, for those who look after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import Actor, require
from tongzheng.kernel.ledger import api as ledger

ACTION = "messages.report"
PAGE = 30


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message in the report: no words, and the address masked."""

    id: int
    template: str
    channel: str
    masked: str
    case: str
    attempts: int
    created_at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many messages of one channel are in one state, and when the oldest was written."""

    channel: str
    state: str
    count: int
    oldest: datetime


def tallies(*, actor: Actor, days: int = 1) -> tuple[Tally, ...]:
    """Return how many messages of the last days stand in which state, by channel. Raises Refused."""
    require(actor, ACTION)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT channel, state, count(*), min(created_at) FROM messages_message WHERE created_at >= %s"
            " GROUP BY 1, 2 ORDER BY 1, 2",
            (clock.now() - timedelta(days=days),),
        )
        return tuple(Tally(*row) for row in cursor.fetchall())


def failed(*, actor: Actor, after: int | None = None) -> tuple[DeliveryRow, ...]:
    """Return messages that could not be delivered, newest first, 30 at a time. Raises Refused."""
    require(actor, ACTION)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, template, channel, masked, case_ref, attempts, created_at, error"
            " FROM messages_message WHERE state = 'failed' AND (%s::bigint IS NULL OR id < %s)"
            " ORDER BY id DESC LIMIT %s",
            (after, after, PAGE),
        )
        return tuple(DeliveryRow(*row) for row in cursor.fetchall())


def again(message_id: int, *, actor: Actor) -> None:
    """Queue a failed message once more on its last channel. Raises Refused, or Conflict if it has not failed."""
    require(actor, ACTION)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messages_message SET state = 'queued', attempts = 0, next_at = %s, done_at = NULL"
            " WHERE id = %s AND state = 'failed' AND masked <> ''",
            (clock.now(), message_id),
        )
        if not cursor.rowcount:
            raise Conflict(T("这条消息不能重新发送", "This message cannot be sent again"))
        ledger.append(
            act="messages.again",
            subject=f"messages.message:{message_id}",
            actor=actor.id,
            label=actor.label,
            body={},
        )
