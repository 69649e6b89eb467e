"""The tables of the government service platform: items in versions, which office offers them, and reviews."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Item(models.Model):
    """One version of an item (基本目录). A change of substance is a new version with its own dates."""

    key = models.CharField(max_length=40)
    version = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    department = models.CharField(max_length=20)
    basic_code = models.CharField(max_length=12)
    type = models.CharField(max_length=2)
    kind = models.CharField(max_length=1)
    level = models.CharField(max_length=1)
    statutory = models.PositiveIntegerField()
    promised = models.PositiveIntegerField()
    visits = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=1, default="1")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    elements = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="item_version_once"),
            models.UniqueConstraint(
                fields=["key"], condition=Q(valid_to__isnull=True), name="item_one_open_version"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="item_dates"
            ),
        ]


class Offer(models.Model):
    """An office that handles an item in its region (实施清单), with its implementation code."""

    item_key = models.CharField(max_length=40)
    organisation_id = models.BigIntegerField()
    region = models.CharField(max_length=12, db_collation="C")
    implementation_code = models.CharField(max_length=36)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item_key", "region"], name="offer_once"),
            models.UniqueConstraint(fields=["implementation_code"], name="offer_code_once"),
        ]
