"""Delivery: takes what is due from the outbox, carries it out of the house, and writes down what became of it."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.sealing import SealBroken, blind, unseal_json

from .adapters import PATIENCE, Adapter, Parcel, Undelivered, adapter
from .outbox import USE, masked_address

LEASE = timedelta(seconds=120)
"""How long a claimed message belongs to the process that claimed it. A killed one loses it after that."""

TRIES = 6
"""Attempts on one channel before the next channel, or the end."""

log = logging.getLogger(__name__)

NOT_SET_UP = "this way of sending is not set up"


_BY_ID = (
    "SELECT id, channel, fallback, address, lang, subject, body, attempts, error, state FROM messages_message"
    " WHERE id = %s FOR UPDATE"
)
_BY_PROVIDER = _BY_ID.replace("id = %s", "provider = %s AND provider <> ''")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a message after an attempt. `wait` is None when there is nothing more to do."""

    state: str
    channel: str
    fallback: tuple[str, ...]
    attempts: int
    wait: timedelta | None


def pause(attempts: int) -> timedelta:
    """Return how long to wait after the `attempts`-th failure: 5 s, 20 s, 80 s, … at most an hour."""
    return timedelta(seconds=min(5 * 4 ** (attempts - 1), 3600))


def after_failure(channel: str, fallback: tuple[str, ...], attempts: int, *, final: bool) -> Outcome:
    """Decide what follows a failed attempt: again later, the next channel at once, or the end. Pure."""
    if not final and attempts < TRIES:
        return Outcome("queued", channel, fallback, attempts, pause(attempts))
    if fallback:
        return Outcome("queued", fallback[0], fallback[1:], 0, timedelta(0))
    return Outcome("failed", channel, (), attempts, None)


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: int
    channel: str
    fallback: tuple[str, ...]
    address: bytes
    lang: str
    subject: str
    body: str
    attempts: int
    error: str


def deliver_due(limit: int = 50) -> int:
    """Deliver up to `limit` messages that are due and return how many were tried.

    Any number of processes may do this at once. A message is claimed for a lease in a transaction of its own, so
    a process killed in the middle leaves it to be claimed again: it is never lost, and sent again at most once
    for each kill, under the same reference. Must not run inside a transaction.
    """
    claimed = _claim(limit)
    if not claimed:
        return 0
    end = time.monotonic() + LEASE.total_seconds() - 2 * PATIENCE
    adapters: dict[str, Adapter | None] = {}
    tried = 0
    try:
        for message in claimed:
            if time.monotonic() > end:
                break
            if message.channel not in adapters:
                adapters[message.channel] = adapter(message.channel)
            _attempt(message, adapters[message.channel])
            tried += 1
    finally:
        _give_back(claimed[tried:])
        for used in adapters.values():
            if used is not None:
                used.close()
    return tried


def _claim(limit: int) -> list[_Claimed]:
    now = clock.now()
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messages_message m SET state = 'sending', attempts = m.attempts + 1, next_at = %s"
            " FROM (SELECT id FROM messages_message WHERE state IN ('queued', 'sending') AND next_at <= %s"
            " ORDER BY urgent DESC, next_at LIMIT %s FOR UPDATE SKIP LOCKED) due WHERE m.id = due.id"
            " RETURNING m.id, m.channel, m.fallback, m.address, m.lang, m.subject, m.body, m.attempts, m.error",
            (now + LEASE, now, limit),
        )
        rows = cursor.fetchall()
    return [
        _Claimed(row[0], row[1], tuple(filter(None, row[2].split(","))), bytes(row[3]), *row[4:])
        for row in sorted(rows)
    ]


def _attempt(message: _Claimed, carrier: Adapter | None) -> None:
    try:
        address = unseal_json(message.address, use=USE).get(message.channel, "")
        if carrier is None:
            raise Undelivered(NOT_SET_UP, final=True)
        if not address:
            raise Undelivered("no address for this channel", final=True)
        provider = carrier.send(
            Parcel(
                id=message.id,
                to=address,
                subject=message.subject,
                body=message.body,
                lang=message.lang,
                attempt=message.attempts,
                reference=reference(message.id, message.channel),
            )
        )
    except Undelivered as error:
        _failed(message, str(error), final=error.final)
    except SealBroken as error:
        _failed(message, str(error), final=True)
    except Exception as error:  # a bug in an adapter must not hold up the messages behind this one
        log.exception("adapter broke", extra={"data": {"id": message.id, "channel": message.channel}})
        _failed(message, f"{type(error).__name__}: {error}", final=False)
    else:
        _write(
            message,
            "state = 'sent', sent_at = %s, done_at = %s, next_at = NULL, provider = %s, error = ''",
            (clock.now(), clock.now(), provider),
        )


def _failed(message: _Claimed, reason: str, *, final: bool) -> None:
    outcome = after_failure(message.channel, message.fallback, message.attempts, final=final)
    words = f"{message.channel}: {reason}"
    if message.error and message.error.split(":")[0] != message.channel:
        words = f"{message.error} · {words}"
    now = clock.now()
    if outcome.channel == message.channel:
        _write(
            message,
            "state = %s, attempts = %s, next_at = %s, done_at = %s, error = %s",
            (
                outcome.state,
                outcome.attempts,
                None if outcome.wait is None else now + outcome.wait,
                now if outcome.wait is None else None,
                words[:300],
            ),
        )
        return
    try:
        address = str(unseal_json(message.address, use=USE).get(outcome.channel, ""))
    except SealBroken:
        address = ""
    _write(
        message,
        "state = 'queued', attempts = 0, next_at = %s, error = %s, channel = %s, fallback = %s, blind = %s,"
        " masked = %s",
        (
            now,
            words[:300],
            outcome.channel,
            ",".join(outcome.fallback),
            blind(address, use=f"message.{outcome.channel}"),
            masked_address(outcome.channel, address),
        ),
    )


def _write(message: _Claimed, changes: str, values: tuple[Any, ...]) -> None:
    """Write the end of an attempt, unless the lease ran out and the message has been claimed again since."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE messages_message SET {changes}"  # noqa: S608
            " WHERE id = %s AND state = 'sending' AND channel = %s AND attempts = %s",
            (*values, message.id, message.channel, message.attempts),
        )


def _give_back(messages: list[_Claimed]) -> None:
    if messages:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE messages_message m SET state = 'queued', attempts = m.attempts - 1, next_at = %s"
                " FROM unnest(%s::bigint[], %s::int[]) AS mine (id, attempts)"
                " WHERE m.id = mine.id AND m.state = 'sending' AND m.attempts = mine.attempts",
                (clock.now(), [m.id for m in messages], [m.attempts for m in messages]),
            )


def reference(message_id: int, channel: str) -> str:
    """Return the name of a message towards the other side: the same for every attempt on one channel."""
    return f"tz-{channel}-{message_id}"


def receipt(message_id: int | str, state: str, detail: str = "", *, at: datetime | None = None) -> bool:
    """Write down what the other side says became of a message, and tell whether it is one of ours.

    Args: message_id our id, our reference or the other side's own id; state "delivered" or "failed"; detail the other side's
    words. A late or repeated receipt changes nothing: delivered stays delivered. A failed one starts the next
    channel if there is one. Raises ValueError for another state.
    """
    if state not in ("delivered", "failed"):
        raise ValueError(f"a receipt says delivered or failed, not {state!r}")
    number, channel, provider = 0, "", ""
    if isinstance(message_id, int):
        number = message_id
    elif found := re.fullmatch(r"tz-([a-z_]{1,10})-([0-9]{1,18})", message_id):
        channel, number = found[1], int(found[2])
    else:
        provider = message_id
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BY_PROVIDER if provider else _BY_ID, (provider or number,))
        row = cursor.fetchone()
        if row is None or row[1] == "in_app":
            return False
        message = _Claimed(row[0], row[1], tuple(filter(None, row[2].split(","))), bytes(row[3]), *row[4:9])
        if channel and channel != message.channel:
            return True
        if row[9] not in ("sending", "sent"):
            return True
        now = at or clock.now()
        if state == "delivered":
            cursor.execute(
                "UPDATE messages_message SET state = 'delivered', done_at = %s, next_at = NULL,"
                " sent_at = coalesce(sent_at, %s), error = '' WHERE id = %s",
                (now, now, message.id),
            )
        else:
            cursor.execute("UPDATE messages_message SET state = 'sending' WHERE id = %s", (message.id,))
            _failed(message, detail or "the other side could not deliver it", final=True)
    return True
