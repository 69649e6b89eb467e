"""The door of the engine of cases: open, move, find and read cases, and count working time.

Every verb is one transaction with its permission and its ledger entry inside; on refusal nothing happened.
Times are aware; "days" and "amount" are in the unit of the clock. Faults are those of `core.errors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.text import T

from . import forms
from .acts import add_note, attach_file, reveal_fields
from .archive_check import ArchiveReport, check_archive
from .archiving import ArchiveView, archive
from .batching import Moved, move_many
from .calendar_edits import preview_days, preview_hours, set_day, set_days, set_hours
from .calendars import calendar, due_after
from .drawn.publishing import (
    DrawingView,
    drawing_content,
    drawing_version,
    drawings,
    findings,
    publish_drawing,
    retire_drawing,
    roll_back,
    save_drawing,
)
from .drawn.report import Report, check
from .drawn.waking import migrate_case, retry, tell_process
from .handing_over import Handover, hand_over
from .incoming import Incoming, received, restored
from .joining import ask, give, take_back
from .kinds import Field
from .linking import link
from .lists import counts, find_cases, inbox, my_cases
from .lookup import PLACES
from .merging import merge, split
from .moving import move_case
from .numbers import document_code
from .objecting import precedents
from .opening import open_case
from .reading import progress, sheet
from .reviews import answer_review, review, review_by_code, review_limit, review_of, reviews, set_review_limit
from .shredding import kept_long_enough, shred
from .supervising import (
    amounts_in_force,
    answer_supervision,
    end_supervision,
    set_supervision_rule,
    supervise,
)
from .sweeping import sweep
from .ticking import tick
from .urging import urge, urge_by_code
from .verifying import verify_document
from .views import (
    LIGHTS,
    REVIEW_LEVELS,
    Applicant,
    CalendarEffect,
    CalendarView,
    CaseRow,
    CaseView,
    ClockView,
    EventView,
    FactView,
    InboxCounts,
    MoveView,
    Page,
    Progress,
    ReviewView,
    Sheet,
    SupervisionView,
    TaskView,
)
from .volumes import volumes

__all__ = [
    "LIGHTS",
    "REVIEW_LEVELS",
    "Applicant",
    "ArchiveReport",
    "ArchiveView",
    "CalendarEffect",
    "CalendarView",
    "CaseRow",
    "CaseView",
    "ClockView",
    "DrawingView",
    "EventView",
    "FactView",
    "Handover",
    "InboxCounts",
    "Incoming",
    "MoveView",
    "Moved",
    "Page",
    "Progress",
    "Report",
    "ReviewView",
    "Sheet",
    "SupervisionView",
    "TaskView",
    "add_note",
    "amounts_in_force",
    "answer_review",
    "answer_supervision",
    "archive",
    "ask",
    "attach_file",
    "calendar",
    "check_archive",
    "check_drawing",
    "counts",
    "document_code",
    "drawing_content",
    "drawing_version",
    "drawings",
    "due_after",
    "end_supervision",
    "find_cases",
    "findings",
    "give",
    "hand_over",
    "inbox",
    "kept_long_enough",
    "link",
    "merge",
    "migrate_case",
    "move_case",
    "move_many",
    "my_cases",
    "open_case",
    "precedents",
    "preview_days",
    "preview_hours",
    "progress",
    "publish_drawing",
    "received",
    "restored",
    "retire_drawing",
    "retry",
    "reveal_fields",
    "review",
    "review_by_code",
    "review_limit",
    "review_of",
    "reviews",
    "roll_back",
    "save_drawing",
    "set_day",
    "set_days",
    "set_hours",
    "set_review_limit",
    "set_supervision_rule",
    "sheet",
    "shred",
    "split",
    "supervise",
    "sweep",
    "take_back",
    "tell_process",
    "tick",
    "urge",
    "urge_by_code",
    "validate",
    "verify_document",
    "volumes",
]


def validate(
    fields: tuple[Field, ...], data: Mapping[str, Any], files: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], dict[str, T]]:
    """Judge what was typed into a form of declared fields, without keeping anything; never raises for bad input.

    Args: data, raw values by field name; files, sequences of uploads or of the ledger's FileViews by field name.
    Returns (clean values, errors by field name).
    """
    return forms.validate(
        fields,
        data,
        files,
        today=clock.today(),
        lookup=PLACES,
        upload_limit=settings.UPLOAD_LIMIT,
    )


def check_drawing(content: bytes, *, name: str = "") -> Report:
    """Judge a BPMN 2.0 file without keeping it: what is in it, whether it is kept without loss, what is wrong with it.

    Args: content, the file's bytes; name, what the report calls it. Raises BadFile with line and element if it cannot
    be read.
    """
    return check(content, name=name, now=clock.now())
