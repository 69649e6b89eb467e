"""What was decided. The versions of decisions are definitions, kept by the engine of that name."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q


class Evaluation(models.Model):
    """One decision that was made: by which version (0 what was declared), from which facts (sealed), with which result."""

    decision = models.CharField(max_length=120)
    version = models.BigIntegerField()
    subject = models.CharField(max_length=80, db_default="")
    facts = models.BinaryField()
    result = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["decision", "-id"], name="rules_evaluated"),
            models.Index(fields=["subject"], name="rules_subject", condition=~Q(subject="")),
            BrinIndex(fields=["at"], name="rules_evaluated_at", autosummarize=True),
        ]
