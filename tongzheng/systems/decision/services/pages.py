"""The pages of everyone: find an item, read its guide, apply. What is one's own is in `page_mine.py`."""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.cases.kinds import Field
from tongzheng.kernel.core.errors import Invalid, SignInNeeded
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import page_mine, page_window, services
from .items import item, items, offers
from .rules import DEPARTMENTS, OBJECTS, RESULTS, TRUST, prefilled
from .views import ItemView, OfferView

OWN = ("region", "for", "once", "step")
ONCE_LIMIT = 40
PURPOSE = "本人申请：{title}"
FLOW = {
    False: (
        T("申请、收件", "Apply"),
        T("受理", "Acceptance"),
        T("审查", "Review"),
        T("决定", "Decision"),
        T("送达", "Delivery"),
        T("评价", "Your review"),
    ),
    True: (
        T("申请、收件", "Apply"),
        T("当场办理", "Handled at once"),
        T("送达", "Delivery"),
        T("评价", "Your review"),
    ),
}
UNITS = {"wd": T("个工作日", "working days"), "cd": T("日", "days")}


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """List the items in force, by department or by a citizen's own words."""
    words = (request.GET.get("q") or request.GET.get("words") or "").replace("\0", "").strip()[:100]
    department = request.GET.get("department", "")
    department = department if department in DEPARTMENTS else ""
    every = items()
    found = items(words=words, department=department) if words or department else every
    groups: dict[str, list[ItemView]] = {}
    for one in found:
        groups.setdefault(one.department, []).append(one)
    return render(
        request,
        "services/catalogue.html",
        {
            "words": words,
            "department": department,
            "departments": [
                (code, title)
                for code, title in DEPARTMENTS.items()
                if any(one.department == code for one in every)
            ],
            "groups": [(DEPARTMENTS.get(code, T(code, code)), rows) for code, rows in groups.items()],
            "found": len(found),
        },
    )


@require_safe
def guide(request: HttpRequest, key: str) -> HttpResponse:
    """Show all that one needs to know before applying."""
    return render(request, "services/guide.html", _guide(item(key[:40])))


@require_safe
def guide_printed(request: HttpRequest, key: str) -> HttpResponse:
    """Show the guide made for paper."""
    return render(request, "services/guide_print.html", _guide(item(key[:40])))


def _guide(one: ItemView) -> dict[str, Any]:
    elements = one.elements
    amount, unit = elements.statutory
    return {
        "item": one,
        "elements": elements,
        "objects": [OBJECTS[code] for code in elements.objects],
        "statutory": T("{n} {unit}", "{n} {unit}").fill(n=amount, unit=UNITS[unit]),
        "materials": [(m, TRUST[m.trust]) for m in elements.materials],
        "result_kind": RESULTS[elements.result_kind],
        "steps": FLOW[one.instant],
        "offers": offers(one.key),
        "special": elements.special,
    }


@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest, key: str) -> HttpResponse:
    """Fill in an item's form and hand it in, for oneself or for the enterprise that one acts for."""
    actor: identity.Actor = request.actor  # type: ignore[attr-defined]
    if not actor.signed_in:
        raise SignInNeeded()
    identity.require(actor, "services.apply")
    one = item(key[:40])
    fields = one.elements.form
    there = offers(one.key)
    bodies = _bodies(actor, one)
    values: dict[str, Any] = {}
    errors: dict[str, T] = {}
    kept = identity.kept_values(request) if request.method == "GET" else None
    asked = request.POST if request.method == "POST" else kept or request.GET
    region, whom, once = _asked(asked, there)
    status = 200
    if request.method == "POST":
        found = cases.received(request, fields, own=OWN)
        values, errors = found.values, dict(found.errors)
        if request.POST.get("step") == "form" or found.expanding:
            errors = {}
        else:
            try:
                if errors:
                    raise Invalid(fields=errors)
                case = services.submit(
                    one.key,
                    actor=actor,
                    region=region,
                    values=found.data,
                    files=found.pairs,
                    once=once,
                    applicant=_applicant(actor, whom, found.data),
                )
            except Invalid as fault:
                errors, status = fault.fields or {"": fault.words}, 422
            else:
                return redirect("services:my_case", case.number, permanent=False)
    elif kept is not None:
        values = _typed(request, kept, fields)
    else:
        # With nothing to choose the choice is not shown.
        region = region or (there[0].region if len(there) == 1 and not bodies else "")
        values = _known(actor, one, whom, fields) if region else {}
    return render(
        request,
        "services/apply.html",
        {
            "item": one,
            "fields": fields,
            "values": values,
            "errors": errors,
            "offers": there,
            "office": next((o for o in there if o.region == region), None),
            "region": region,
            "bodies": bodies,
            "whom": whom,
            "myself": "1" in one.elements.objects,
            "once": once,
            "restored": kept is not None,
            "free": [m for m in one.elements.materials if not m.uploaded],
            "trust": TRUST,
        },
        status=status,
    )


def _asked(asked: QueryDict, there: tuple[OfferView, ...]) -> tuple[str, int | None, str]:
    """Return the region, the body applied for and the key of the form, as far as they make sense."""
    region = asked.get("region", "")
    region = region if any(o.region == region for o in there) else ""
    given = asked.get("for", "")
    whom = int(given) if given.isascii() and given.isdecimal() and len(given) < 16 else None
    return region, whom, asked.get("once", "")[:ONCE_LIMIT] or secrets.token_urlsafe(12)


def _bodies(actor: identity.Actor, one: ItemView) -> tuple[identity.OrganisationView, ...]:
    """Return the enterprises that a citizen acts for, if bodies may apply for the item."""
    held = {post.organisation_id for post in actor.posts} if actor.kind == "citizen" else set()
    if not held or not set(one.elements.objects) - {"1"}:
        return ()
    return identity.organisations(ids=sorted(held), limit=20)


def _known(
    actor: identity.Actor, one: ItemView, whom: int | None, fields: tuple[Field, ...]
) -> dict[str, Any]:
    """Return what the platform knows of the one who applies; that it was looked at goes on the ledger."""
    known: dict[str, str] = {}
    wanted = {field.prefill.partition(".")[2] for field in fields if field.prefill.startswith("person.")} & {
        "name",
        "id_number",
        "phone",
        "address",
    }
    if wanted and actor.person_id is not None:
        own = identity.reveal(
            actor=actor,
            person_id=actor.person_id,
            fields=sorted(wanted),
            purpose=PURPOSE.format(title=one.title.zh),
        )
        known |= {f"person.{name}": value for name, value in own.items()}
    body = identity.organisation(whom) if whom is not None else None
    if body is not None and any(post.organisation_id == whom for post in actor.posts):
        known |= {"enterprise.name": body.name, "enterprise.uscc": body.uscc}
    return dict(prefilled(fields, known))


def _applicant(actor: identity.Actor, whom: int | None, data: dict[str, Any]) -> cases.Applicant:
    phone = str(data.get("phone") or "").strip()
    name = str(data.get("applicant_name") or "").strip()[:100]
    return cases.Applicant(organisation_id=whom, name=name, phone=_phone(phone), lang=actor.lang)


def _phone(given: str) -> str:
    """Return a phone to send messages to, "" when it is none: the form itself says what is wrong with it."""
    digits = "".join(c for c in given if c in "0123456789")
    return digits if len(digits) == 11 and digits.startswith("1") else ""


def _typed(request: HttpRequest, kept: QueryDict, fields: tuple[Field, ...]) -> dict[str, Any]:
    """Return what was typed before the session ended, to be shown in the form again."""
    again = HttpRequest()
    again.POST = kept
    again.actor = request.actor  # type: ignore[attr-defined]
    return cases.received(again, fields, own=OWN).values


urlpatterns = [
    path("", catalogue, name="catalogue"),
    path("items/<str:key>/", guide, name="guide"),
    path("items/<str:key>/print/", guide_printed, name="guide_print"),
    path("items/<str:key>/apply/", apply, name="apply"),
    path("mine/<str:number>/", page_mine.my_case, name="my_case"),
    path("mine/<str:number>/moves/<str:move>/", page_mine.move, name="my_move"),
    path("mine/<str:number>/review/", page_mine.review, name="my_review"),
    path("mine/<str:number>/documents/<int:n>/", page_mine.document, name="my_document"),
    path("mine/<str:number>/files/<str:digest>/", page_mine.file, name="my_file"),
    path("documents/<str:number>/<int:n>/", page_window.document, name="document"),
    path("window/", page_window.window, name="window"),
    path("window/done/", page_window.done, name="window_done"),
]
