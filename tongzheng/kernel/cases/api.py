"""The door of the engine of cases: open, move, find and read cases, and count working time.

Every verb is one transaction with its permission and its ledger entry inside; on refusal nothing happened.
Times are aware; "days" and "amount" are in the unit of the clock. Faults are those of `core.errors`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from tongzheng.kernel.core.text import T

from .kinds import Field
from .views import (
    Applicant,
    CalendarView,
    CaseRow,
    CaseView,
    InboxCounts,
    Page,
    Progress,
    Sheet,
    TaskView,
)

if TYPE_CHECKING:
    from tongzheng.kernel.identity.api import Actor

__all__ = [
    "Applicant",
    "add_note",
    "attach_file",
    "calendar",
    "counts",
    "due_after",
    "find_cases",
    "inbox",
    "move_case",
    "my_cases",
    "open_case",
    "progress",
    "reveal_fields",
    "set_day",
    "set_hours",
    "sheet",
    "validate",
]


def open_case(
    type_id: str,
    *,
    actor: Actor,
    title: str,
    facts: Mapping[str, Any],
    region: str,
    organisation: int,
    applicant: Applicant | None = None,
    key: str = "",
    files: Sequence[tuple[str, str]] = (),
    days: int | None = None,
    note: str = "",
    subject: str = "",
    handler: int | None = None,
    extra_fields: tuple[Field, ...] = (),
) -> CaseView:
    """Open a case of a declared type and hand it to an organisation.

    Args: type_id "slug.name"; title, at most 200 characters and without personal data; facts, the entries of
    the type's `fields` and of `extra_fields` (an item's own), raw as typed; region, its GB/T 2260 code;
    organisation, who holds it first; applicant, for whom (a citizen who opens is the applicant by themselves);
    key, an idempotency key: the same key by the same actor gives the same case, never a second one; files, (digest
    kept by `ledger.api.keep_file`, name of the form's entry or "") pairs; days, another limit than the type's, in
    the clock's unit; subject, "<register id>:<pk>" of what it is about; handler, the account that works on it.
    Returns the case with its `query_code`. Raises SignInNeeded, Refused, Invalid (fields named), Missing.
    """
    raise NotImplementedError


def move_case(
    case_id: int | str,
    move: str,
    *,
    actor: Actor,
    version: int | None = None,
    note: str = "",
    data: Mapping[str, Any] | None = None,
    organisation: int | None = None,
    handler: int | None = None,
    days: int | None = None,
    files: Sequence[tuple[str, str]] = (),
) -> CaseView:
    """Make one move of the case type's table.

    Args: case_id or number; move, its name; version, the one the mover looked at (None: whatever it is now);
    note, data, organisation, handler and days as the move asks; files as in `open_case`.
    Returns the case after the move. Raises Conflict (someone moved it meanwhile: says who and what), Refused,
    SignInNeeded, Invalid (fields named), Missing.
    """
    raise NotImplementedError


def sheet(case: int | str, *, actor: Actor) -> Sheet:
    """Return all that a case sheet shows, by id or number. Raises Missing, also for who may not read it."""
    raise NotImplementedError


def inbox(
    *,
    actor: Actor,
    view: str = "todo",
    type_id: str | None = None,
    words: str = "",
    light: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[TaskView]:
    """Return a page of the actor's work, the nearest limit first.

    Args: view "todo" (theirs, and unclaimed work that they may move), "mine" (claimed or given to them) or
    "handled" (what they did, newest first); light "green", "yellow", "red" or "paused"; words as in `find_cases`;
    after, from the page before. Raises SignInNeeded, Invalid.
    """
    raise NotImplementedError


def find_cases(
    *,
    actor: Actor,
    type_id: str | None = None,
    words: str = "",
    state: str | None = None,
    subject: str | None = None,
    region: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[CaseRow]:
    """Return a page of the cases that the actor may read, newest first.

    Args: words, a case number, an applicant's phone, ID number or full name, or words of the title and place (at
    least two characters); state, needs type_id; region, only what lies inside. Raises SignInNeeded, Invalid.
    """
    raise NotImplementedError


def counts(*, actor: Actor) -> InboxCounts:
    """Return how much work waits for the actor, counted no further than 100."""
    raise NotImplementedError


def my_cases(*, actor: Actor, after: str | None = None, limit: int = 20) -> Page[CaseRow]:
    """Return a page of the cases that the actor opened for themselves or that are for them, newest first."""
    raise NotImplementedError


def progress(number: str, code: str) -> Progress:
    """Return how a case stands, for anyone who has its number and query code.

    Raises Missing (the same answer for a wrong number and a wrong code), Throttled.
    """
    raise NotImplementedError


def add_note(case_id: int | str, *, actor: Actor, note: str) -> None:
    """Add a note to a case that the actor may work on. Raises Invalid, Refused, Missing."""
    raise NotImplementedError


def attach_file(case_id: int | str, *, actor: Actor, digest: str, field: str = "") -> None:
    """Attach a file kept by `ledger.api.keep_file`, by who may work on the case or is its applicant.

    Attaching the same file twice is the same as once. Raises Refused, Missing.
    """
    raise NotImplementedError


def reveal_fields(
    case_id: int | str, *, actor: Actor, fields: Iterable[str], purpose: str
) -> Mapping[str, Any]:
    """Return personal entries of a case unmasked; the purpose goes on the ledger and on the timeline.

    Args: fields, names of entries, or "applicant.name", "applicant.phone", "applicant.id_number"; purpose, in
    words, at least 4 characters. Raises Refused, Invalid, Missing.
    """
    raise NotImplementedError


def validate(
    fields: tuple[Field, ...], data: Mapping[str, Any], files: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], dict[str, T]]:
    """Return (clean values, errors by field) of what was typed into a form of declared fields."""
    raise NotImplementedError


def due_after(start: datetime, amount: int, unit: str) -> datetime:
    """Return when a limit that starts at `start` is due, by the current calendar.

    Args: amount in unit "working_day", "calendar_day", "hour" or "working_hour"; the day after the start is day 1.
    """
    raise NotImplementedError


def calendar(year: int) -> CalendarView:
    """Return a year of the working-day calendar."""
    raise NotImplementedError


def set_day(day: date, kind: str, *, actor: Actor, name: str, source: str) -> CalendarView:
    """Make a day a day of work or rest; clocks that start or resume from now on count by it.

    Args: kind "work", "rest" or "weekday" (back to its weekday's rule); name, such as 国庆节; source, the notice that
    says so. Action "cases.calendar". Raises Refused, Invalid.
    """
    raise NotImplementedError


def set_hours(hours: Sequence[tuple[str, str]], *, actor: Actor, first_day: str = "next") -> CalendarView:
    """Set the business hours as ("08:30", "12:00") pairs, and whether day 1 is the "next" or the "same" day.

    Action "cases.calendar". Raises Refused, Invalid.
    """
    raise NotImplementedError
