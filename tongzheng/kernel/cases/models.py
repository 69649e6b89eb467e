"""The tables of the engine. Hot paths write and read them by plain SQL (`store.py`, `lists.py`); nothing else does.

`cases_case` changes with every move, so no index of it covers what a move always changes (state, version, due):
PostgreSQL then updates the row in place (HOT). Open work is its own table with partial indexes, so that an
inbox costs what is open, not what was ever done. Ids are handed out in blocks and rise with time.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left

from .drawn.tables import Drawing, DrawingVersion, Process, Thrown


class Case(models.Model):
    """One matter as it stands. Personal entries are in `sealed` only; `facts` shows them masked."""

    id = models.BigIntegerField(primary_key=True)
    number = models.TextField(db_collation="C")
    type_id = models.TextField(db_collation="C")
    state = models.TextField(db_collation="C")
    phase = models.SmallIntegerField(default=0)
    version = models.IntegerField(default=1)
    events = models.IntegerField(default=1)
    title = models.TextField()
    region = models.TextField(db_collation="C")
    organisation_id = models.BigIntegerField(null=True)
    organisation_label = models.TextField(default="")
    opener_id = models.BigIntegerField(null=True)
    previous_id = models.BigIntegerField(null=True)
    handler_id = models.BigIntegerField(null=True)
    handler_label = models.TextField(default="")
    mover_id = models.BigIntegerField(null=True)
    made = ArrayField(models.TextField(db_collation="C"), default=list)
    applicant_account_id = models.BigIntegerField(null=True)
    applicant_person_id = models.BigIntegerField(null=True)
    applicant_organisation_id = models.BigIntegerField(null=True)
    applicant_label = models.TextField(default="")
    applicant_lang = models.TextField(default="zh")
    applicant_sealed = models.BinaryField(default=b"")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    soon_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    days = models.IntegerField(null=True)
    key = models.TextField(null=True, db_collation="C")
    subject = models.TextField(default="", db_collation="C")
    facts = models.JSONField(default=dict)
    sealed = models.BinaryField(default=b"")
    form = models.JSONField(null=True)
    documents = ArrayField(models.TextField(), default=list)
    rules = models.TextField(default="", db_collation="C")
    clock = models.TextField(db_default="", db_collation="C")
    clock_unit = models.TextField(db_default="", db_collation="C")
    limits = models.JSONField(null=True)
    urges = models.SmallIntegerField(db_default=0)
    urged_at = models.DateTimeField(null=True)
    supervised = models.SmallIntegerField(db_default=0)

    class Meta:
        indexes = [
            models.Index(F("organisation_id"), F("id").desc(), name="cases_case_organisation"),
            models.Index(F("type_id"), F("id").desc(), name="cases_case_type"),
            models.Index(Left("region", 6), F("id").desc(), name="cases_case_county"),
            models.Index(Left("region", 9), F("id").desc(), name="cases_case_township"),
            BrinIndex(fields=["opened_at"], name="cases_case_opened", pages_per_range=32),
            models.Index(fields=["subject", "-id"], name="cases_case_subject", condition=~Q(subject="")),
            models.Index(
                fields=["applicant_account_id", "-id"],
                name="cases_case_account",
                condition=Q(applicant_account_id__isnull=False),
            ),
            models.Index(
                fields=["applicant_person_id", "-id"],
                name="cases_case_person",
                condition=Q(applicant_person_id__isnull=False),
            ),
            models.Index(
                fields=["applicant_organisation_id", "-id"],
                name="cases_case_enterprise",
                condition=Q(applicant_organisation_id__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="cases_case_number"),
            models.UniqueConstraint(fields=["key"], name="cases_case_key", condition=Q(key__isnull=False)),
        ]


class Task(models.Model):
    """A piece of work on a case: one organisation's, perhaps one person's, until it is done.

    `kind` is "type/state", so that one index finds the work that an actor may move. `due_at` is far away when
    there is no limit, so that one order serves all. `waits`: nothing can be done before somebody else acts. `ended`: the closed
    state, as "type/state", on the last piece of work of a closed case: cases are found by their state here, so that
    a case's own row has no index that every move must write. `token`: of a drawn process, whose work it is.
    """

    case_id = models.BigIntegerField()
    role = models.SmallIntegerField(default=0)
    kind = models.TextField(db_collation="C")
    region = models.TextField(db_collation="C")
    organisation_id = models.BigIntegerField()
    handler_id = models.BigIntegerField(null=True)
    waits = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    soon_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.BigIntegerField(null=True)
    ended = models.TextField(null=True, db_collation="C")
    token = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["case_id"], name="cases_task_case", condition=Q(done_at__isnull=True)),
            models.Index(
                fields=["organisation_id", "due_at", "id"],
                name="cases_task_organisation",
                condition=Q(done_at__isnull=True, handler_id__isnull=True, waits=False),
            ),
            models.Index(
                fields=["kind", "due_at", "id"],
                name="cases_task_kind",
                condition=Q(done_at__isnull=True, handler_id__isnull=True, waits=False),
            ),
            models.Index(
                F("kind"),
                Left("region", 6),
                F("due_at"),
                F("id"),
                name="cases_task_county",
                condition=Q(done_at__isnull=True, handler_id__isnull=True),
            ),
            models.Index(
                fields=["organisation_id", "due_at", "id"],
                name="cases_task_waiting",
                condition=Q(done_at__isnull=True, handler_id__isnull=True, waits=True),
            ),
            models.Index(
                fields=["kind", "due_at", "id"],
                name="cases_task_waiting_kind",
                condition=Q(done_at__isnull=True, handler_id__isnull=True, waits=True),
            ),
            models.Index(
                fields=["handler_id", "due_at", "id"],
                name="cases_task_handler",
                condition=Q(done_at__isnull=True, handler_id__isnull=False),
            ),
            models.Index(
                fields=["done_by", "-done_at", "-id"],
                name="cases_task_done",
                condition=Q(done_by__isnull=False),
            ),
            models.Index(
                fields=["kind", "-case_id"], name="cases_task_stands", condition=Q(done_at__isnull=True)
            ),
            models.Index(
                fields=["ended", "-case_id"], name="cases_task_ended", condition=Q(ended__isnull=False)
            ),
        ]


class Event(models.Model):
    """One thing that happened to a case, with names as they were then. Never changed."""

    pk = models.CompositePrimaryKey("case_id", "n")
    case_id = models.BigIntegerField()
    n = models.IntegerField()
    kind = models.TextField(db_collation="C")
    move = models.TextField(default="", db_collation="C")
    from_state = models.TextField(default="", db_collation="C")
    to_state = models.TextField(db_collation="C")
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.TextField()
    organisation_id = models.BigIntegerField(null=True)
    organisation_label = models.TextField(default="")
    note = models.TextField(default="")
    data = models.JSONField(null=True)
    sealed = models.BinaryField(null=True)
    document = models.TextField(default="")
    wording_id = models.BigIntegerField()


class Wording(models.Model):
    """What a move was called and rested on when it was made: kept once, however many events refer to it."""

    id = models.BigIntegerField(primary_key=True)
    words = models.JSONField()


class CaseClock(models.Model):
    """A time limit of a case; a case may have several. `next_at` is when it next does something by itself: the sweep
    walks that index and touches nothing else."""

    pk = models.CompositePrimaryKey("case_id", "name")
    case_id = models.BigIntegerField()
    name = models.TextField(db_collation="C")
    unit = models.TextField(db_collation="C")
    amount = models.IntegerField()
    extended = models.IntegerField(default=0)
    calendar = models.IntegerField()
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    soon_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True)
    paused_why = models.JSONField(null=True)
    stopped_at = models.DateTimeField(null=True)
    pauses = models.JSONField(null=True)
    began = models.TextField(db_default="", db_collation="C")
    run = models.SmallIntegerField(db_default=1)
    stage = models.SmallIntegerField(db_default=0)
    next_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    paused_ground = models.TextField(db_default="", db_collation="C")
    paused_told = models.SmallIntegerField(db_default=0)
    asked = models.JSONField(null=True)
    basis = models.JSONField(null=True)
    ran_out_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cases_clock"
        indexes = [
            models.Index(fields=["next_at"], name="cases_clock_next", condition=Q(next_at__isnull=False))
        ]


class CaseFile(models.Model):
    """A file of a case; its bytes are evidence kept by the ledger."""

    pk = models.CompositePrimaryKey("case_id", "digest", "field")
    case_id = models.BigIntegerField()
    digest = models.TextField(db_collation="C")
    field = models.TextField(default="", db_collation="C")
    name = models.TextField()
    size = models.BigIntegerField()
    media_type = models.TextField(db_collation="C")
    at = models.DateTimeField()
    by_id = models.BigIntegerField(null=True)
    by_label = models.TextField()

    class Meta:
        db_table = "cases_file"


class Words(models.Model):
    """What finds a case: 32-bit marks of its words, its applicant, its month, region, type and holders. Written once,
    and once more for every other organisation that comes to hold the case.

    No pending list (fastupdate): every search reads it to the end, once for each month it walks.
    """

    case_id = models.BigIntegerField(primary_key=True)
    marks = ArrayField(models.IntegerField())

    class Meta:
        db_table = "cases_words"
        indexes = [GinIndex(fields=["marks"], name="cases_words_marks", fastupdate=False)]


class CalendarChange(models.Model):
    """One edit of the calendar: a day, or the business hours. The version is the id; the latest edit of a day holds."""

    id = models.AutoField(primary_key=True)
    region = models.TextField(db_default="", db_collation="C")
    date = models.DateField(null=True)
    kind = models.TextField(default="", db_collation="C")
    name = models.TextField(default="")
    source = models.TextField(default="")
    hours = models.JSONField(null=True)
    first_day = models.TextField(default="", db_collation="C")
    at = models.DateTimeField()
    by_id = models.BigIntegerField(null=True)
    by_label = models.TextField()

    class Meta:
        db_table = "cases_calendar_change"


class CalendarRecount(models.Model):
    """A decision that clocks already running follow an edit of the calendar, and how far that has come."""

    id = models.AutoField(primary_key=True)
    version = models.IntegerField()
    region = models.TextField(default="", db_collation="C")
    first = models.DateTimeField(null=True)
    last = models.DateTimeField(null=True)
    after = models.BigIntegerField(db_default=0)
    seen = models.IntegerField(db_default=0)
    moved = models.IntegerField(db_default=0)
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    by_id = models.BigIntegerField(null=True)
    by_label = models.TextField()

    class Meta:
        db_table = "cases_calendar_recount"


class Supervision(models.Model):
    """A supervision of a case, by the amounts in force when it began; one at a time, until it is confirmed as mended."""

    id = models.BigAutoField(primary_key=True)
    case_id = models.BigIntegerField()
    level = models.TextField(db_collation="C")
    reason = models.TextField()
    amounts = models.JSONField()
    at = models.DateTimeField()
    by_id = models.BigIntegerField(null=True)
    by_label = models.TextField()
    organisation_id = models.BigIntegerField()
    organisation_label = models.TextField()
    stage = models.TextField(db_collation="C")
    steps = models.JSONField(default=list)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cases_supervision"
        indexes = [models.Index(fields=["case_id", "id"], name="cases_supervision_case")]
        constraints = [
            models.UniqueConstraint(
                fields=["case_id"], name="cases_supervision_open", condition=Q(ended_at__isnull=True)
            )
        ]


class SupervisionRule(models.Model):
    """How long the stages of a supervision take; the row in force is the latest whose day has come."""

    id = models.AutoField(primary_key=True)
    valid_from = models.DateField()
    unit = models.TextField(db_collation="C")
    plan = models.SmallIntegerField()
    feedback = models.SmallIntegerField()
    ordinary = models.SmallIntegerField()
    hard = models.SmallIntegerField()
    basis = models.TextField()
    at = models.DateTimeField()
    by_id = models.BigIntegerField(null=True)
    by_label = models.TextField()

    class Meta:
        db_table = "cases_supervision_rule"


__all__ = ["Drawing", "DrawingVersion", "Process", "Thrown"]
