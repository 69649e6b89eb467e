"""The tables of registers. Private to this engine."""

from __future__ import annotations

from django.db import models


class Change(models.Model):
    """One line of a row's history: what was done to it, by whom, and the columns that differ (sealed ones masked)."""

    register = models.CharField(max_length=120)
    pk_text = models.CharField(max_length=120)
    act = models.CharField(max_length=12)
    at = models.DateTimeField()
    actor = models.BigIntegerField(null=True)
    label = models.CharField(max_length=120)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    import_id = models.BigIntegerField(null=True)
    once = models.CharField(max_length=64, null=True)

    class Meta:
        indexes = [models.Index(fields=["register", "pk_text", "-id"], name="register_change_row")]
        constraints = [
            models.UniqueConstraint(
                fields=["register", "once"],
                condition=models.Q(once__isnull=False),
                name="register_change_once",
            )
        ]


class View(models.Model):
    """A saved way of looking at a register, of one account or shared with an organisation."""

    register = models.CharField(max_length=120)
    name = models.CharField(max_length=60)
    query = models.JSONField(default=dict)
    account = models.BigIntegerField()
    organisation = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["register", "account", "name"], name="register_view_once")
        ]
        indexes = [models.Index(fields=["register", "organisation"], name="register_view_shared")]


class Import(models.Model):
    """A file on its way into a register. The row says how far it is, so that any process can go on with it."""

    STATES = ("checking", "ready", "running", "done", "failed", "cancelled")

    register = models.CharField(max_length=120)
    state = models.CharField(max_length=10)
    account = models.BigIntegerField(null=True)
    label = models.CharField(max_length=120)
    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    size = models.BigIntegerField()
    columns = models.JSONField(default=list)
    ignored = models.JSONField(default=list)
    total = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    creates = models.IntegerField(default=0)
    updates = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    bad = models.IntegerField(default=0)
    words = models.JSONField(null=True)
    created_at = models.DateTimeField()
    beat_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=("checking", "running")),
                name="register_import_open",
            ),
            models.Index(fields=["register", "-id"], name="register_import_list"),
        ]


class ImportPart(models.Model):
    """A sealed piece of an uploaded file; kept only until the file has been read."""

    of = models.ForeignKey(Import, on_delete=models.CASCADE, db_index=False)
    number = models.IntegerField()
    body = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of", "number"], name="register_import_part")]


class ImportRow(models.Model):
    """A row as read from the file, sealed: it may hold personal data. Good rows go once they have entered."""

    of = models.ForeignKey(Import, on_delete=models.CASCADE, db_index=False)
    number = models.IntegerField()
    bad = models.BooleanField(default=False)
    cells = models.BinaryField()
    errors = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of", "number"], name="register_import_row")]
        indexes = [
            models.Index(fields=["of", "number"], condition=models.Q(bad=True), name="register_import_bad")
        ]
