"""The outbox: one row a message, written in the transaction of the act that it tells of."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q


class Message(models.Model):
    """A message to one addressee.

    `boxed`: it stands in the account's own list. `channel` is the way out of the house being tried now ("in_app"
    when there is none), `fallback` the ways left. `state`: queued → sending → sent → delivered, or failed with a
    reason in `error`. Reading is apart from that (`read_at`). `address` holds every address, sealed; `blind` and
    `masked` those of the present channel.
    """

    template = models.CharField(max_length=80)
    channel = models.CharField(max_length=10)
    fallback = models.CharField(max_length=40, db_default="")
    account_id = models.BigIntegerField(null=True)
    person_id = models.BigIntegerField(null=True)
    boxed = models.BooleanField()
    address = models.BinaryField(db_default=b"")
    blind = models.BinaryField(null=True)
    masked = models.CharField(max_length=120, db_default="")
    lang = models.CharField(max_length=2)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    case_ref = models.CharField(max_length=40, db_default="")
    urgent = models.BooleanField(db_default=False)
    state = models.CharField(max_length=10)
    attempts = models.SmallIntegerField(db_default=0)
    next_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    provider = models.CharField(max_length=100, db_default="")
    error = models.CharField(max_length=300, db_default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["-urgent", "next_at"],
                name="messages_due",
                condition=Q(state__in=("queued", "sending")),
            ),
            models.Index(
                fields=["account_id", "-id"],
                name="messages_box",
                condition=Q(boxed=True, account_id__isnull=False),
            ),
            models.Index(
                fields=["account_id"], name="messages_unread", condition=Q(boxed=True, read_at__isnull=True)
            ),
            models.Index(fields=["-id"], name="messages_failed", condition=Q(state="failed")),
            models.Index(fields=["provider"], name="messages_provider", condition=~Q(provider="")),
            BrinIndex(fields=["created_at"], name="messages_made", autosummarize=True),
        ]


class PhoneText(models.Model):
    """A text on a demo phone: what the demo adapter "sent". Once a message, however often it is sent again."""

    message_id = models.BigIntegerField(unique=True)
    number = models.BinaryField()
    blind = models.BinaryField()
    masked = models.CharField(max_length=120)
    body = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "messages_phone"
        indexes: ClassVar = [models.Index(fields=["blind", "-id"], name="messages_phone_number")]
