"""The tables of identity. Private to this engine: everyone else holds ids and the frozen views of `api`."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Region(models.Model):
    """A place of the administrative division: GB/T 2260, with 9 and 12 digits below the county."""

    LEVELS = ("province", "city", "county", "township", "village")

    code = models.CharField(max_length=12, primary_key=True, db_collation="C")
    name = models.CharField(max_length=60)
    latin = models.CharField(max_length=120, blank=True)
    pinyin = models.CharField(max_length=160, blank=True)
    level = models.CharField(max_length=10)
    parent = models.CharField(max_length=12, blank=True, db_collation="C", db_index=True)
    park = models.BooleanField(default=False)
    source = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^\d{6}(\d{3}(\d{3})?)?$"), name="region_code_shape"
            ),
        ]


class Organisation(models.Model):
    """A body that can hold cases and posts. `path` is the ids from the root down ("1.23."), C-collated,
    so that everything beneath a body is one index range."""

    name = models.CharField(max_length=120)
    short = models.CharField(max_length=60, blank=True)
    english = models.CharField(max_length=160, blank=True)
    pinyin = models.CharField(max_length=300, blank=True)
    kind = models.CharField(max_length=12)
    uscc = models.CharField(max_length=18, blank=True)
    region = models.CharField(max_length=12, db_collation="C")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True)
    path = models.CharField(max_length=120, db_collation="C", db_index=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["uscc"], condition=~Q(uscc=""), name="organisation_uscc_once"),
            models.UniqueConstraint(fields=["region", "kind", "name"], name="organisation_name_once"),
        ]
        indexes = [models.Index(fields=["kind", "region", "id"], name="organisation_kind_region")]


class Person(models.Model):
    """A natural person. What identifies them is sealed; a blind index finds the exact number again."""

    name_sealed = models.BinaryField()
    name_masked = models.CharField(max_length=30)
    id_number_sealed = models.BinaryField()
    id_number_blind = models.BinaryField(max_length=16, unique=True)
    id_number_masked = models.CharField(max_length=20)
    phone_sealed = models.BinaryField(default=b"")
    phone_blind = models.BinaryField(max_length=16, null=True, db_index=True)
    phone_masked = models.CharField(max_length=20, blank=True)
    address_sealed = models.BinaryField(default=b"")
    region = models.CharField(max_length=12, blank=True, db_collation="C")
    sex = models.CharField(max_length=1, default="0")
    registered_at = models.DateTimeField()


class Accounts(BaseUserManager["Account"]):
    """Django's entry to accounts; people are made by `create_account`, which rules and records."""

    def get_by_natural_key(self, username: str | None) -> Account:
        """Return the account of that user name, in any letter case."""
        return self.get(username=(username or "").strip().lower())


class Account(AbstractBaseUser):
    """A way to sign in. `label` is how the person appears to others: staff by name, citizens masked."""

    KINDS = ("citizen", "staff")
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    username = models.CharField(max_length=40, unique=True)
    label = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, default="citizen")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True)
    lang = models.CharField(max_length=2, default="zh")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    password_changed_at = models.DateTimeField(null=True, blank=True)
    must_change = models.BooleanField(default=False)
    totp_sealed = models.BinaryField(default=b"")
    totp_since = models.DateTimeField(null=True, blank=True)
    totp_step = models.BigIntegerField(default=0)
    recovery = ArrayField(models.CharField(max_length=64), default=list, blank=True)

    objects = Accounts()

    class Meta:
        indexes = [models.Index(fields=["person"], name="account_person")]


class Post(models.Model):
    """A place in an organisation that carries roles in a region; a person holds it for a time."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    title = models.CharField(max_length=60)
    english = models.CharField(max_length=120, blank=True)
    region = models.CharField(max_length=12, db_collation="C")
    roles = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "title", "region"], name="post_once"),
        ]


class PostHolding(models.Model):
    """Who holds a post, from when until when; what ended stays on record."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    post = models.ForeignKey(Post, on_delete=models.PROTECT)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "post"], condition=Q(until__isnull=True), name="holding_once"
            ),
        ]
        indexes = [
            models.Index(fields=["account"], condition=Q(until__isnull=True), name="holding_now"),
        ]


class StandIn(models.Model):
    """Who acts from a post in its holder's place, from when until when; what ended stays on record."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+")
    stand_in = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.TextField()
    by_id = models.BigIntegerField(null=True)
    by_label = models.TextField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_stand_in"
        constraints = [
            models.CheckConstraint(condition=Q(since__lt=models.F("until")), name="stand_in_period"),
        ]


class Throttle(models.Model):
    """Failed attempts of one user name or one address, whether or not such an account exists."""

    key = models.BinaryField(max_length=16, primary_key=True)
    failures = models.IntegerField(default=0)
    until = models.DateTimeField(null=True, blank=True)
    last = models.DateTimeField()


class Pace(models.Model):
    """How often something was tried since its window began; `key` tells not what (throttling.py)."""

    key = models.BinaryField(max_length=16, primary_key=True)
    count = models.IntegerField()
    ends = models.DateTimeField(db_index=True)


class Policy(models.Model):
    """A number that the security administrator may set, such as the days a password lives."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.IntegerField()
