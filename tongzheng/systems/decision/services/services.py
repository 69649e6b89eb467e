"""The verbs of the government service platform: hand in an application, and read its result document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.core.errors import Invalid, Missing
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from .items import item, offers


@transaction.atomic
def submit(
    key: str,
    *,
    actor: identity.Actor,
    region: str,
    values: Mapping[str, Any],
    uploads: Mapping[str, Sequence[Any]],
    once: str,
    applicant: cases.Applicant | None = None,
) -> cases.CaseView:
    """Hand in an application for an item to the office that handles it in `region`.

    Args: key of the item; values and uploads as typed, by entry; once, a key made with the form, so that a double
    click makes one case; applicant, when a window clerk files for somebody. Returns the case with its query code.
    Raises SignInNeeded, Refused, Missing, Invalid (entries named), BadFile, TooLarge, StorageFull: nothing is kept.
    """
    wanted = item(key)
    office = next((o for o in offers(key) if o.region == region), None)
    if office is None:
        raise Invalid(fields={"region": T("该事项在这里没有办理机构", "No office handles this item there")})
    form = wanted.elements.form
    _, errors = cases.validate(form, values, uploads)
    if errors:
        raise Invalid(fields=errors)
    accept = {field.name: tuple(ending.lstrip(".") for ending in field.accept) for field in form}
    kept = [
        (name, ledger.keep_file(upload, name=upload.name, accept=accept[name]))
        for name, given in uploads.items()
        for upload in given
    ]
    return cases.open_case(
        "services.instant" if wanted.instant else "services.application",
        actor=actor,
        title=wanted.title.zh,
        facts=values,
        extra_fields=form,
        region=region,
        organisation=office.organisation_id,
        applicant=applicant,
        key=once,
        files=kept,
        days=wanted.promised,
        subject=f"services.item:{wanted.key}@{wanted.version}",
    )


def item_of(subject: str) -> str:
    """Return the item's key in a case's subject. Raises Missing for another kind of subject."""
    kind, _, rest = subject.partition(":")
    if kind != "services.item":
        raise Missing()
    return rest.partition("@")[0]
