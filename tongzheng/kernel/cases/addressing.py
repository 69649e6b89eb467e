"""Whom a clock tells: the handler, the office, whoever leads it, further up, the supervisor, the applicant, an action.

Everybody whom one turn of the sweep tells is found with a handful of statements; superiors are found going up from
the office to the bodies above it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.messages import api as messages

from . import clocks, people, record, wording
from .clock_kinds import Clock, Escalation
from .declarations import kinds_of_work
from .kinds import CaseType

LEAD = "cases.lead"
MOST = 20
"""At most so many people of one office are told."""
LEVELS = 5
KEPT_SECONDS = 60.0

COLUMNS = (
    "c.id, c.number, c.title, c.type_id, c.state, c.region, c.organisation_id, c.organisation_label, c.handler_id,"
    " c.applicant_account_id, c.applicant_person_id, c.applicant_lang, c.applicant_sealed,"
    " (SELECT s.by_id FROM cases_supervision s WHERE s.case_id = c.id AND s.ended_at IS NULL)"
)


@dataclass(frozen=True, slots=True)
class Held:
    """A case as far as telling somebody of it needs, in the order of COLUMNS."""

    case_id: int
    number: str
    title: str
    type_id: str
    state: str
    region: str
    organisation_id: int | None
    organisation_label: str
    handler_id: int | None
    applicant_account_id: int | None
    applicant_person_id: int | None
    applicant_lang: str
    applicant_sealed: bytes
    supervisor_id: int | None


Letter = tuple[Held, Clock, clocks.Running, Escalation | None, T]


@dataclass(slots=True)
class Told:
    """What is to be sent, and what the timeline says of it."""

    said: list[tuple[Held, clocks.Running, Escalation | None, str]] = field(default_factory=list)
    writings: list[tuple[str, list[tuple[Any, ...]]]] = field(default_factory=list)
    reached: dict[tuple[int, str], list[int]] = field(default_factory=dict)

    def accounts(self, held: Held, item: Escalation) -> list[int]:
        """Return the accounts that were told, for the ledger."""
        return self.reached.get((held.case_id, item.to), [])[:MOST]


def letters(wanted: Sequence[Letter], now: datetime) -> Told:
    """Return the messages of a turn, each with its addressee's language."""
    told = Told()
    if not wanted:
        return told
    staff = _Staff(held for held, *_ in wanted)
    by_text: dict[str, list[tuple[Any, ...]]] = {}
    for held, _limit, one, item, title in wanted:
        facts = _facts(held, one, title, now)
        names: list[str] = []
        for to in _people(staff, held, item):
            try:
                written = messages.writing(_template(one, item), to=to, facts=facts, case=held.number, at=now)
            except KeyError:
                continue  # a template that is declared no more stops nobody else's reminder
            by_text.setdefault(written.sql, []).append(written.params)
            if to.account_id is not None:
                told.reached.setdefault((held.case_id, item.to if item else "office"), []).append(
                    to.account_id
                )
                names.append(staff.label(to.account_id))
        told.said.append((held, one, item, "、".join(name for name in names[:5] if name)))
    told.writings = list(by_text.items())
    return told


def _template(one: clocks.Running, item: Escalation | None) -> str:
    if item is None:
        return "cases.clock_stood" if one.paused_at else "cases.clock_out"
    if item.template:
        return item.template
    if item.to == "applicant":
        return "cases.clock_applicant"
    if item.to == "superior":
        return "cases.clock_superior"
    return "cases.clock_soon" if item.at < 1 else "cases.clock_over"


def _facts(held: Held, one: clocks.Running, title: T, now: datetime) -> dict[str, str | T]:
    type_title, state_title = record.titles(held.type_id, held.state)
    return {
        "number": held.number,
        "title": held.title,
        "type": type_title,
        "state": state_title,
        "clock": title,
        "due": wording.day_of(one.due_at, hour=True),
        "organisation": held.organisation_label,
    }


def _people(staff: _Staff, held: Held, item: Escalation | None) -> list[messages.Addressee]:
    to = item.to if item else "handler"
    if to == "applicant":
        phone = (
            people.unsealed_applicant(held.applicant_sealed).get("phone", "") if held.applicant_sealed else ""
        )
        if held.applicant_account_id is None and not phone:
            return []
        return [
            messages.Addressee(
                account_id=held.applicant_account_id,
                person_id=held.applicant_person_id,
                phone=phone,
                lang=held.applicant_lang,
            )
        ]
    if to == "supervisor":
        found = [held.supervisor_id] if held.supervisor_id is not None else []
    elif to == "superior":
        found = staff.superiors(held, item.level if item else 1)
    elif to == "handler" and held.handler_id is not None and staff.knows(held.handler_id):
        found = [held.handler_id]
    elif to in ("handler", "office"):
        found = staff.office(held)
    else:
        found = staff.who_may(to, held)
    return [messages.Addressee(account_id=id, lang=staff.lang(id)) for id in found[:MOST] if staff.knows(id)]


class _Staff:
    """Everybody whom a turn could tell: those at the offices that hold its cases, and the handlers."""

    def __init__(self, held: Iterable[Held]) -> None:
        cases = list(held)
        offices = {case.organisation_id for case in cases if case.organisation_id is not None}
        self.at = {
            id: [one.account_id for one in many] for id, many in identity.holders(sorted(offices)).items()
        }
        ids = {id for many in self.at.values() for id in many}
        ids |= {id for case in cases for id in (case.handler_id, case.supervisor_id) if id is not None}
        self.actors = dict(identity.actors_of(sorted(ids)))

    def knows(self, id: int) -> bool:
        """Tell whether the account is active, looking it up if need be."""
        return self._actor(id).id is not None

    def _actor(self, id: int) -> identity.Actor:
        if id not in self.actors:
            self.actors[id] = identity.actor_of(id)
        return self.actors[id]

    def lang(self, id: int) -> str:
        """Return the language of an account."""
        return self._actor(id).lang

    def label(self, id: int) -> str:
        """Return an account's name as others see it."""
        return self._actor(id).label

    def office(self, held: Held) -> list[int]:
        """Return who, at the office that holds the case, may make one of its moves now."""
        declared = registry.find(CaseType, held.type_id)
        if declared is None or held.organisation_id is None:
            return []
        actions = dict(kinds_of_work(declared)).get(held.state, ())
        return self._who(held.organisation_id, actions, held)

    def _who(self, office: int, actions: Sequence[str], held: Held) -> list[int]:
        return [
            id
            for id in dict.fromkeys(self.at.get(office, ()))
            if any(
                identity.may(self._actor(id), action, organisation=office, region=held.region)
                for action in actions
            )
        ]

    def superiors(self, held: Held, level: int) -> list[int]:
        """Return who leads the office, or the body so many levels above; with nobody there, who is next above."""
        office, place = held.organisation_id, 1
        while office is not None and place <= LEVELS:
            if place >= level and (found := self._leaders(office, held)):
                return found
            office, place = _above(office), place + 1
        return []

    def _leaders(self, office: int, held: Held) -> list[int]:
        if office not in self.at:
            self.at[office] = [one.account_id for one in identity.holders([office])[office]]
        return [
            id
            for id in dict.fromkeys(self.at[office])
            if any(post.organisation_id == office and LEAD in post.actions for post in self._actor(id).posts)
        ]

    def who_may(self, action: str, held: Held) -> list[int]:
        """Return everybody who may do an action on the case."""
        key = (str(connection.settings_dict["NAME"]), action, held.organisation_id, held.region[:6])
        kept = _kept.get(key)
        now = time.monotonic()
        if kept is None or now - kept[1] > KEPT_SECONDS:
            grantees = identity.who_may(action, organisation=held.organisation_id, region=held.region)
            if len(_kept) > 5000:
                _kept.clear()
            kept = _kept[key] = ([one.account_id for one in grantees], now)
        return kept[0]


_kept: dict[tuple[str, str, int | None, str], tuple[list[int], float]] = {}
_parents: dict[tuple[str, int], tuple[int | None, float]] = {}


def _above(office: int) -> int | None:
    key = (str(connection.settings_dict["NAME"]), office)
    kept = _parents.get(key)
    now = time.monotonic()
    if kept is None or now - kept[1] > KEPT_SECONDS:
        body = identity.organisation(office)
        kept = _parents[key] = (body.parent_id if body else None, now)
    return kept[0]


def forget() -> None:
    """Forget who may what and who is above whom: for a test whose database was made anew."""
    _kept.clear()
    _parents.clear()


def workers(held: Held) -> list[messages.Addressee]:
    """Return who works on a case: its handler, or its office while nobody has claimed it."""
    return _people(_Staff([held]), held, None)
