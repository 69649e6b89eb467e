"""Opening a case: everything that comes into being with it, in one statement."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import orjson
from django.conf import settings
from django.db import IntegrityError

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Refused, SignInNeeded
from tongzheng.kernel.core.sealing import seal_json
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger
from tongzheng.kernel.messages import api as messages

from . import calendars, clocks, forms, keeping, marks, numbers, people, sql, timing, wording
from .declarations import case_type, described, rules_of, words_of
from .drawn import living
from .kinds import CaseType, Field
from .lookup import PLACES
from .record import COLUMNS, Record, public_facts, record_of, view
from .statement import FAR, Statement
from .views import Applicant, CaseView

SEALED = "cases.facts"


class Begun(Protocol):
    """A drawn process that begins with its case; `data`: what the case's first event remembers of it."""

    data: dict[str, Any]

    def write(self, written: Statement, now: datetime) -> None:
        """Add what begins to the statement that opens the case."""


INSERTED = (
    *("id", "number", "type_id", "state", "phase", "version", "events", "title", "region", "organisation_id"),
    *("organisation_label", "opener_id", "handler_id", "handler_label", "mover_id", "made"),
    *("applicant_account_id", "applicant_person_id", "applicant_organisation_id", "applicant_label"),
    *("applicant_lang", "applicant_sealed", "opened_at", "due_at", "soon_at", "days", "subject"),
    *("facts", "sealed", "form", "documents", "paused_at", "clock", "clock_unit", "limits"),
)
_INSERT = (
    f"INSERT INTO cases_case ({', '.join(INSERTED)}, key, rules)"  # noqa: S608
    f" VALUES ({', '.join(['%s'] * (len(INSERTED) + 2))}) RETURNING id, events"
)
_TASK = (
    "INSERT INTO cases_task (case_id, role, kind, region, organisation_id, handler_id, waits, opened_at, due_at,"
    " soon_at) VALUES (%s, 0, %s, %s, %s, %s, %s, %s, COALESCE(%s::timestamptz, %s::timestamptz),"
    " COALESCE(%s::timestamptz, %s::timestamptz))"
)
_WORDS = "INSERT INTO cases_words (case_id, marks) VALUES (%s, %s::int4[])"


def open_case(
    type_id: str,
    *,
    actor: identity.Actor,
    title: str,
    facts: Mapping[str, Any],
    region: str,
    organisation: int,
    applicant: Applicant | None = None,
    key: str = "",
    files: Sequence[tuple[str, ledger.FileView]] = (),
    days: int | None = None,
    note: str = "",
    subject: str = "",
    handler: int | None = None,
    extra_fields: tuple[Field, ...] = (),
    limits: Mapping[str, tuple[int, str]] | None = None,
) -> CaseView:
    """Open a case of a declared type and hand it to an organisation.

    Args: type_id "slug.name"; title, at most 200 characters and without personal data; facts, the entries of
    the type's `fields` and of `extra_fields` (an item's own), raw as typed; region, its GB/T 2260 code;
    organisation, who holds it first; applicant, for whom (a citizen who opens is the applicant by themselves);
    key, an idempotency key: the same key by the same actor gives the same case, never a second one; files, pairs of
    the form's entry ("" for none) and what `ledger.api.keep_file` returned; days, another limit than the type's, in
    the first clock's unit; subject, "<register id>:<pk>" of what it is about; handler, the account that works on it;
    limits, the amounts of its other clocks by name, each with its unit ("" for the clock's own).
    Returns the case with its `query_code`. Raises SignInNeeded, Refused, Invalid (fields named), Missing.
    """
    declared = case_type(type_id)
    post_id = _permitted(declared, actor, organisation, region)
    kept_key = f"{type_id}/{actor.id or 0}/{key}" if key else None
    if kept_key is not None and (found := _opened(kept_key)) is not None:
        return found
    now = clock.now()
    whom = people.applicant_of(actor, applicant)
    fields = (*declared.fields, *extra_fields)
    clean = _judged(declared, fields, facts, files, title, region, note, subject, key, days, now)
    given = _given(declared, limits or {})
    opened, personal = forms.split(fields, clean)
    id = numbers.new_id()
    number = numbers.case_number(declared.prefix, id, now)
    shown_facts = {**opened, **forms.masks(fields, personal)}
    running = _clocks(declared, timing.Matter(opened, region, given), days, now)
    shown = timing.shown(declared, running)
    post = people.post_of(actor, post_id)
    state = declared.state(declared.start)
    document = (
        numbers.document_number(type_id, declared.paper or declared.prefix, now) if declared.document else ""
    )
    record = Record(
        id=id,
        number=number,
        type_id=type_id,
        state=state.name,
        phase=("open", "paused", "closed").index(state.phase),
        version=1,
        events=1,
        title=title.strip(),
        region=region,
        organisation_id=organisation,
        organisation_label=people.organisation_name(organisation),
        opener_id=post.organisation_id if post else organisation,
        previous_id=None,
        handler_id=handler,
        handler_label=people.handler_label(handler, organisation) if handler is not None else "",
        mover_id=actor.id,
        made=[],
        applicant_account_id=whom.account_id,
        applicant_person_id=whom.person_id,
        applicant_organisation_id=whom.organisation_id,
        applicant_label=people.applicant_label(whom),
        applicant_lang=whom.lang,
        applicant_sealed=people.sealed_applicant(whom),
        opened_at=now,
        due_at=shown.due_at,
        soon_at=shown.soon_at,
        paused_at=shown.paused_at,
        closed_at=None,
        stopped_at=None,
        days=days,
        subject=subject,
        facts=shown_facts,
        sealed=seal_json(personal, use=SEALED),
        form=[described(field) for field in extra_fields] or None,
        documents=[document] if document else [],
        clock=shown.name,
        clock_unit=shown.unit,
        limits=dict(given) or None,
    )
    by = (actor.id, people.actor_label(actor, post_id))
    begun: Begun | None = None
    if living.drawn(type_id):
        from .drawn import working  # it stands on this module

        begun = working.begin(declared, record, opened, working.current_version(type_id), now)
    written = _statement(
        declared, record, running, whom, personal, by, note, files, document, kept_key, now, begun
    )
    try:
        written.run()
    except IntegrityError as error:
        # Two submissions of one form at once: the other one has just opened the case.
        if kept_key is None or "cases_case_key" not in str(error):
            raise
        found = _opened(kept_key)
        if found is None:
            raise
        return found
    return view(record, now=now, with_code=True)


def _permitted(declared: CaseType, actor: identity.Actor, organisation: int, region: str) -> int | None:
    if actor.kind == "nobody" and not declared.anonymous:
        raise SignInNeeded()
    verdict = identity.may(actor, declared.opens, organisation=organisation, region=region)
    if verdict:
        return verdict.post_id
    # Whoever may open such a case at their own office may hand it to another: that is what opening is for.
    if actor.posts and (anywhere := identity.may(actor, declared.opens)):
        return anywhere.post_id
    if actor.kind == "nobody":
        raise SignInNeeded()
    raise Refused(verdict.why)


def _opened(kept_key: str) -> CaseView | None:
    found = sql.rows(f"SELECT {COLUMNS} FROM cases_case c WHERE c.key = %s", (kept_key,))  # noqa: S608
    return view(record_of(found[0]), now=clock.now(), with_code=True) if found else None


def _judged(
    declared: CaseType,
    fields: tuple[Field, ...],
    facts: Mapping[str, Any],
    files: Sequence[tuple[str, ledger.FileView]],
    title: str,
    region: str,
    note: str,
    subject: str,
    key: str,
    days: int | None,
    now: datetime,
) -> dict[str, Any]:
    clean, slips = forms.validate(
        fields,
        facts,
        files_by_entry(fields, files),
        today=now.date(),
        lookup=PLACES,
        upload_limit=settings.UPLOAD_LIMIT,
    )
    for name, text, least, most in (
        ("title", title, 1, 200),
        ("note", note, 0, 4000),
        ("subject", subject, 0, 200),
        ("key", key, 0, 100),
    ):
        if not least <= len(text.strip()) <= most or "\0" in text:
            slips[name] = T("应为 {a} 到 {b} 个字", "Between {a} and {b} characters").fill(a=least, b=most)
    if not re.fullmatch(r"\d{6}|\d{9}|\d{12}", region, re.ASCII):
        slips["region"] = T("请从区划里选择", "Please choose from the regions")
    if days is not None and (not declared.limits or not 0 <= days <= 3660):
        slips["days"] = T("应在 0 到 3660 之间", "Between 0 and 3660")
    if slips:
        raise Invalid(fields=slips)
    return clean


def files_by_entry(
    fields: Sequence[Field], files: Sequence[tuple[str, ledger.FileView]]
) -> dict[str, list[ledger.FileView]]:
    """Return files by the form's entry that they answer; those for no entry are left out."""
    found: dict[str, list[ledger.FileView]] = {}
    named = {field.name for field in fields if field.kind in ("file", "files")}
    for entry, file in files:
        if entry and entry not in named:
            raise Invalid(fields={entry[:60]: T("表单里没有这一项附件", "The form has no such file")})
        if entry:
            found.setdefault(entry, []).append(file)
    return found


def _given(declared: CaseType, limits: Mapping[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    known = {limit.name for limit in declared.limits}
    for name, (amount, unit) in limits.items():
        if name not in known or not 0 <= amount <= 3660 or (unit and unit not in clocks.UNITS):
            raise Invalid(fields={"limits": T("没有这种时限", "There is no such time limit")})
    return {name: (amount, unit) for name, (amount, unit) in limits.items()}


def _clocks(
    declared: CaseType, matter: timing.Matter, days: int | None, now: datetime
) -> list[clocks.Running]:
    if not declared.limits:
        return []
    try:
        return timing.at_opening(declared, matter, days, calendars.book(matter.region), now)
    except (clocks.BeyondCalendar, OverflowError):
        raise calendars.too_long() from None


def _statement(
    declared: CaseType,
    record: Record,
    running: Sequence[clocks.Running],
    whom: Applicant,
    personal: Mapping[str, Any],
    by: tuple[int | None, str],
    note: str,
    files: Sequence[tuple[str, ledger.FileView]],
    document: str,
    key: str | None,
    now: datetime,
    begun: Begun | None = None,
) -> Statement:
    written = Statement()
    values = [getattr(record, name) for name in INSERTED]
    values[INSERTED.index("facts")] = orjson.dumps(record.facts).decode()
    values[INSERTED.index("limits")] = orjson.dumps(record.limits).decode() if record.limits else None
    values[INSERTED.index("form")] = orjson.dumps(record.form).decode() if record.form else None
    written.add("c", _INSERT, (*values, key, rules_of(declared)))
    if begun is not None:
        begun.write(written, now)
    elif record.phase != 2:
        kind = f"{record.type_id}/{record.state}"
        at = (kind, record.region, record.organisation_id, record.handler_id, record.phase == 1, now)
        written.add("t", _TASK, (record.id, *at, record.due_at, FAR, record.soon_at, FAR))
    if running:
        written.add("k", keeping.WRITE, (keeping.written(running),))
    found_by = marks.of_case(
        type_id=record.type_id,
        at=now,
        region=record.region,
        organisation=record.organisation_id or 0,
        texts=(record.title, *public_facts({k: v for k, v in record.facts.items() if k not in personal})),
        people=(("phone", whom.phone), ("id_number", whom.id_number), ("name", whom.name)),
    )
    written.add("w", _WORDS, (record.id, marks.literal(found_by)))
    written.files(record.id, files, at=now, by=by)
    written.event(
        kind="open",
        move="",
        from_state="",
        to_state=record.state,
        at=now,
        actor=by,
        organisation=(record.organisation_id, record.organisation_label),
        note=note.strip(),
        data=begun.data if begun else None,
        sealed=None,
        document=document,
        words=words_of(declared, None, record.state),
    )
    written.ledger(
        ledger.writing(
            act="cases.open",
            subject=f"case:{record.number}",
            actor=by[0],
            label=by[1],
            body=_entry(record, files, document),
            at=now,
        )
    )
    tell(written, declared.tells, record, phone=whom.phone, note=note, document=document, data={}, now=now)
    return written


def _entry(record: Record, files: Sequence[tuple[str, ledger.FileView]], document: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": record.type_id,
        "state": record.state,
        "version": 1,
        "region": record.region,
        "organisation": record.organisation_id,
        "due": record.due_at.isoformat() if record.due_at else None,
    }
    if record.handler_id is not None:
        body["handler"] = record.handler_id
    if files:
        body["files"] = [file.digest for _, file in files][:100]
    if document:
        body["document"] = document
    return body


def tell(
    written: Statement,
    template_ids: Sequence[str],
    record: Record,
    *,
    phone: str,
    note: str,
    document: str,
    data: Mapping[str, Any],
    now: datetime,
) -> None:
    """Add the messages that an opening or a move sends to the applicant, if there is any way to reach them.

    The places that a template can use: number, title, type, state, due, code, organisation, note, document, and the
    move's own open entries by name.
    """
    to = reached(record, phone) if template_ids else None
    if to is None:
        return
    facts = message_facts(record, note=note, document=document, data=data, now=now)
    for template_id in template_ids:
        written.message(messages.writing(template_id, to=to, facts=facts, case=record.number, at=now))


def reached(record: Record, phone: str) -> messages.Addressee | None:
    """Return how a case's applicant can be told, or None if in no way."""
    if record.applicant_account_id is None and not phone:
        return None
    return messages.Addressee(
        account_id=record.applicant_account_id,
        person_id=record.applicant_person_id,
        phone=phone,
        lang=record.applicant_lang,
    )


def message_facts(
    record: Record, *, note: str, document: str, data: Mapping[str, Any], now: datetime
) -> dict[str, str | T]:
    """Return what a template about a case can say."""
    shown = view(record, now=now, with_code=True)
    facts: dict[str, str | T] = {name: str(value) for name, value in data.items()}
    return facts | {
        "number": record.number,
        "title": record.title,
        "type": shown.type_title,
        "state": shown.state_title,
        "due": wording.moment(record.due_at, hour=True) if record.due_at else T("不限时", "no time limit"),
        "code": shown.query_code,
        "organisation": record.organisation_label,
        "note": note.strip() or T("无", "none"),
        "document": document,
    }
