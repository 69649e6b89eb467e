"""Definitions and their versions. A published version is kept for ever: the database itself refuses to change it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Definition(models.Model):
    """Something officials write: a decision table, a process, a form. `organisation_id` owns it, in `region`."""

    kind = models.TextField(db_collation="C")
    key = models.TextField(db_collation="C")
    title_zh = models.TextField()
    title_en = models.TextField()
    organisation_id = models.BigIntegerField()
    region = models.TextField(db_collation="C")
    made_by = models.BigIntegerField(null=True)
    made_label = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "key"], name="definitions_key")]
        indexes: ClassVar = [models.Index(fields=["organisation_id", "-id"], name="definitions_owner")]


class Version(models.Model):
    """One version. `number` is given when it is published. `state`: draft, proposed, returned, published, dropped.

    `touched`: the accounts that made, changed or proposed it (0 is the platform); none of them may decide on it.
    `lock` counts its changes. `based_on`: the published version that it was made from. `findings` and `outcomes`:
    what the last check and the trial at publication showed.
    """

    definition = models.ForeignKey(Definition, on_delete=models.PROTECT)
    number = models.IntegerField(null=True)
    state = models.TextField(db_collation="C")
    content = models.TextField()
    sha256 = models.TextField(db_collation="C")
    based_on = models.ForeignKey("self", null=True, on_delete=models.PROTECT)
    note = models.TextField(db_default="")
    made_by = models.BigIntegerField(null=True)
    made_label = models.TextField()
    made_at = models.DateTimeField()
    changed_by = models.BigIntegerField(null=True)
    changed_label = models.TextField()
    changed_at = models.DateTimeField()
    touched = ArrayField(models.BigIntegerField())
    decided_by = models.BigIntegerField(null=True)
    decided_label = models.TextField(db_default="")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(db_default="")
    effective_from = models.DateTimeField(null=True)
    lock = models.IntegerField(db_default=1)
    findings = models.JSONField(db_default=[])
    outcomes = models.JSONField(db_default=[])

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["definition", "number"], name="definitions_number"),
            models.CheckConstraint(
                condition=Q(state="published", number__isnull=False, effective_from__isnull=False)
                | (~Q(state="published") & Q(number__isnull=True)),
                name="definitions_numbered",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["definition"],
                name="definitions_open",
                condition=Q(state__in=("draft", "proposed", "returned")),
            ),
        ]
