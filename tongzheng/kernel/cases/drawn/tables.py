"""The tables of drawn processes: what each published version means to cases, and where each case stands in its own."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


class Drawing(models.Model):
    """A process as cases know it: its name and who may open it. `work` names every step that some version has, so that
    the inbox finds work of old versions too; `changed` counts changes, so that every process of the server sees them;
    `retired`: no more cases are opened. Drafts, approval and contents are the definitions engine's."""

    key = models.TextField(primary_key=True, db_collation="C")
    title = models.JSONField()
    prefix = models.TextField(db_collation="C")
    opens = models.TextField(db_collation="C")
    reads = models.TextField(db_collation="C")
    basis = models.JSONField()
    work = models.JSONField(default=dict)
    changed = models.IntegerField(default=1)
    retired = models.BooleanField(default=False)

    class Meta:
        db_table = "cases_drawing"
        constraints = [models.UniqueConstraint(fields=["prefix"], name="cases_drawing_prefix")]


class DrawingVersion(models.Model):
    """What a published version means to cases: what is asked at its start, its time limit, and the version of each form
    that it was published with (`forms`, by key). Its id is the definition version's; of those whose day has come, the
    highest `n` is in force."""

    id = models.BigIntegerField(primary_key=True)
    key = models.TextField(db_collation="C")
    n = models.IntegerField()
    fields = models.JSONField(default=list)
    clock = models.JSONField(null=True)
    forms = models.JSONField(default=dict)
    effective_from = models.DateTimeField()

    class Meta:
        db_table = "cases_drawing_version"
        constraints = [models.UniqueConstraint(fields=["key", "n"], name="cases_drawing_version_n")]


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
