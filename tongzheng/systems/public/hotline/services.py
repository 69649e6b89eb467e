"""The verbs of the hotline: take a matter by phone or web, find those near by, and say who should handle it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.core.codes import region_prefix
from tongzheng.kernel.core.errors import Invalid, Unavailable
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import rules
from .joint import MERGING

CITY = "141100"
CENTRE = "12345"
TITLE_LIMIT = 60


def centre() -> identity.OrganisationView:
    """Return the hotline's own organisation: the city's institution whose name bears the number 12345.

    Raises Unavailable while there is none: nobody could hold a ticket.
    """
    for body in identity.organisations(region=CITY, words=CENTRE, limit=5):
        if body.region == CITY:
            return body
    raise Unavailable(
        T("热线中心尚未登记为单位", "The hotline centre is not registered as an organisation yet")
    )


def title_of(code: str, place: str) -> str:
    """Return a ticket's title: its class and where; never the caller's words, which may name people."""
    return f"{rules.classes()[code].levels[2].zh} · {place}"[:TITLE_LIMIT]


@transaction.atomic
def take(
    *,
    actor: identity.Actor,
    region: str,
    values: Mapping[str, Any],
    once: str,
    applicant: cases.Applicant | None = None,
    files: Sequence[tuple[str, Any]] = (),
) -> cases.CaseView:
    """Register a matter, told by phone to a seat or typed by a citizen, and hand it to the hotline centre.

    Args: region, the county, township or village it is about; values, the entries of the ticket's form; once, a
    key made with the form; applicant, the caller as the seat knows them. Returns the ticket with its query code.
    Raises Invalid (entries named), Refused: nothing is kept.
    """
    code = str(values.get("class", ""))
    if code not in rules.classes():
        raise Invalid(fields={"class": T("请选择诉求分类", "Please choose a class")})
    found = identity.region(region)
    if found is None or not region.startswith(region_prefix(CITY)):
        raise Invalid(fields={"region": T("请选择县（市、区）或乡镇", "Please choose a county or township")})
    return cases.open_case(
        "hotline.ticket",
        actor=actor,
        title=title_of(code, found.name),
        facts=values,
        region=region,
        organisation=centre().id,
        applicant=applicant,
        key=once,
        files=files,
        subject=f"hotline.class:{code}",
    )


def caller(actor: identity.Actor, values: Mapping[str, Any]) -> cases.Applicant:
    """Return for whom a ticket is: the citizen who is signed in, or whoever the form names, perhaps nobody."""
    name, phone = str(values.get("caller_name") or "").strip(), str(values.get("caller_phone") or "").strip()
    if actor.kind == "citizen":
        return cases.Applicant(
            account_id=actor.id, person_id=actor.person_id, name=name, phone=phone, lang=actor.lang
        )
    return cases.Applicant(name=name, phone=phone)


def near(*, actor: identity.Actor, region: str, code: str, limit: int = 5) -> tuple[cases.CaseRow, ...]:
    """Return the newest tickets of the same class in the same place: what may be the same matter."""
    found = cases.find_cases(
        actor=actor, type_id="hotline.ticket", subject=f"hotline.class:{code}", region=region, limit=limit
    )
    return tuple(found.rows)


def leader_for(ticket: cases.CaseView, *, actor: identity.Actor) -> cases.CaseRow | None:
    """Return the oldest open ticket near by into which this one could be merged by the actor, or None."""
    code = ticket.subject.partition(":")[2]
    found = [
        row
        for row in near(actor=actor, region=ticket.region, code=code, limit=20)
        if row.id != ticket.id
        and not row.merged
        and row.state in MERGING.states
        and identity.may(actor, MERGING.by, organisation=row.organisation_id, region=row.region)
    ]
    return found[-1] if found and ticket.state in MERGING.states and not ticket.merged else None


def likely_offices(code: str, region: str, *, limit: int = 6) -> tuple[identity.OrganisationView, ...]:
    """Return who probably handles a class in a place: the county's body of that duty first, then the city's."""
    office = rules.OFFICES[rules.classes()[code].office].zh
    word = office[:4]
    county = region[:6] if len(region) >= 6 and not region.endswith("00") else ""
    local = identity.organisations(region=county, words=word, limit=limit) if county else ()
    city = [
        body
        for body in identity.organisations(region=CITY, words=word, limit=limit * 4)
        if body.region == CITY
    ]
    found = {body.id: body for body in (*local, *city)}
    return tuple(found.values())[:limit]
