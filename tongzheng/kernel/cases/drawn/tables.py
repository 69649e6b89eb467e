"""The tables of drawn processes: what was drawn, each version of it, and where each case stands in its version."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


class Drawing(models.Model):
    """A process as officials know it: its name, who may open it, and which version is in force. `work` names every
    step that some version has, so that the inbox finds work of old versions too; `changed` counts changes, so that
    every process of the server sees them."""

    key = models.TextField(primary_key=True, db_collation="C")
    title = models.JSONField()
    prefix = models.TextField(db_collation="C")
    opens = models.TextField(db_collation="C")
    reads = models.TextField(db_collation="C")
    basis = models.JSONField()
    current_id = models.BigIntegerField(null=True)
    work = models.JSONField(default=dict)
    fields = models.JSONField(default=list)
    clock = models.JSONField(null=True)
    changed = models.IntegerField(default=1)

    class Meta:
        db_table = "cases_drawing"
        constraints = [models.UniqueConstraint(fields=["prefix"], name="cases_drawing_prefix")]


class DrawingVersion(models.Model):
    """One version of a drawing. Its content never changes once it is kept; `state`: draft, published, retired."""

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(db_collation="C")
    n = models.IntegerField()
    state = models.TextField(db_collation="C", default="draft")
    content = models.BinaryField()
    digest = models.TextField(db_collation="C")
    note = models.TextField(default="")
    made_at = models.DateTimeField()
    made_by = models.BigIntegerField(null=True)
    made_label = models.TextField()
    published_at = models.DateTimeField(null=True)
    published_by = models.BigIntegerField(null=True)
    published_label = models.TextField(default="")
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cases_drawing_version"
        constraints = [
            models.UniqueConstraint(fields=["key", "n"], name="cases_drawing_version_n"),
            models.UniqueConstraint(
                fields=["key"], name="cases_drawing_version_one", condition=Q(state="published")
            ),
        ]


class Process(models.Model):
    """Where a case stands in its drawing. `due_at`: when its next timer fires; `awaits`: "message:…" and "signal:…";
    `troubled`: some token cannot go on. The indexes cover only what is not there for most cases, so that a step
    updates the row in place."""

    case_id = models.BigIntegerField(primary_key=True)
    version_id = models.BigIntegerField()
    state = models.JSONField()
    due_at = models.DateTimeField(null=True)
    awaits = ArrayField(models.TextField(db_collation="C"), null=True)
    troubled = models.BooleanField(default=False)

    class Meta:
        db_table = "cases_process"
        indexes = [
            models.Index(fields=["due_at"], name="cases_process_due", condition=Q(due_at__isnull=False)),
            GinIndex(
                fields=["awaits"],
                name="cases_process_awaits",
                condition=Q(awaits__isnull=False),
                fastupdate=False,
            ),
            models.Index(fields=["version_id"], name="cases_process_version"),
            models.Index(fields=["case_id"], name="cases_process_troubled", condition=Q(troubled=True)),
        ]


class Thrown(models.Model):
    """A signal or message that a process threw, until everyone who waits for it has had it."""

    id = models.BigAutoField(primary_key=True)
    kind = models.TextField(db_collation="C")
    name = models.TextField()
    data = models.JSONField(default=dict)
    case_id = models.BigIntegerField()
    subject = models.TextField(default="", db_collation="C")
    at = models.DateTimeField()
    after = models.BigIntegerField(default=0)

    class Meta:
        db_table = "cases_process_thrown"
