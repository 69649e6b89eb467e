"""The verbs of the government service platform: hand in an application, and read its result document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.core.errors import Invalid, Refused, SignInNeeded
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from .items import item, office_of
from .rules import applicant_fault, statutory


@transaction.atomic
def submit(
    key: str,
    *,
    actor: identity.Actor,
    region: str,
    values: Mapping[str, Any],
    once: str,
    files: Sequence[tuple[str, ledger.FileView]] = (),
    applicant: cases.Applicant | None = None,
) -> cases.CaseView:
    """Hand in an application for an item to the office that handles it in `region`.

    Args: key of the item; values as typed, by entry; files, pairs of the form's entry and what the ledger keeps;
    once, a key made with the form, so that a double click makes one case; applicant, the enterprise that a citizen
    acts for, or for whom a window clerk files. Returns the case with its query code.
    Raises SignInNeeded, Refused, Missing, Invalid (entries named): no case is opened.
    """
    if actor.kind == "nobody":
        raise SignInNeeded()
    wanted = item(key)
    body = applicant.organisation_id if applicant else None
    agent = body is None or any(post.organisation_id == body for post in actor.posts)
    if actor.kind == "citizen" and not agent:
        raise Refused(T("您不是这家单位的经办人", "You are not an agent of this organisation"))
    if (why := applicant_fault(wanted.elements.objects, for_body=body is not None)) is not None:
        raise Invalid(fields={"for": why})
    office = office_of(key, region)
    if office is None:
        raise Invalid(fields={"region": T("该事项在这里没有办理机构", "No office handles this item there")})
    return cases.open_case(
        "services.instant" if wanted.instant else "services.application",
        actor=actor,
        title=wanted.title.zh,
        facts=values,
        extra_fields=wanted.elements.form,
        region=region,
        organisation=office,
        applicant=applicant,
        key=once,
        files=files,
        days=wanted.promised,
        limits=None if wanted.instant else {"statutory": statutory(wanted.elements.statutory)},
        subject=f"services.item:{wanted.key}@{wanted.version}",
    )
