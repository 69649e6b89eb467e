"""The counter: a clerk takes an application for somebody who came in person; and the documents for staff."""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.cases.kinds import Field
from tongzheng.kernel.core.codes import masked_name
from tongzheng.kernel.core.errors import Fault, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import services
from .items import item, items, offers_of
from .page_mine import TYPES, pdf
from .rules import TRUST, prefilled
from .views import ItemView, OfferView

WHO = (
    Field("window_id", T("身份证号", "ID number"), "id_number", personal=True),
    Field("window_name", T("姓名", "Name"), max_length=50, personal=True),
    Field("window_phone", T("手机号码", "Mobile phone"), "phone", personal=True),
    Field(
        "window_uscc",
        T("代单位办理：统一社会信用代码", "For an organisation: its credit code"),
        "uscc",
        required=False,
    ),
)
NAMES = tuple(field.name for field in WHO)
OWN = ("item", "step", "once")


@require_http_methods(["GET", "HEAD", "POST"])
def window(request: HttpRequest) -> HttpResponse:
    """Take an application at the counter: who and what first, then the item's form, on one address.

    What was typed about the person travels in the form only; it is in no address and no session.
    """
    actor: identity.Actor = request.actor  # type: ignore[attr-defined]
    identity.require(actor, "services.accept")
    mine = _offered(actor)
    titles = {one.key: one for one in items()}
    choices = [(o, titles[o.item_key]) for o in mine if o.item_key in titles]
    context: dict[str, Any] = {"who": WHO, "choices": choices, "chosen": request.POST.get("item", "")[:60]}
    if request.method != "POST":
        return render(request, "services/window.html", {**context, "values": {}, "errors": {}})
    typed = cases.received(request, WHO, own=(*OWN, *_others(request)))
    try:
        offer = _chosen(mine, request.POST.get("item", ""))
        person, body = _person(actor, typed.data)
    except Invalid as fault:
        context |= {"values": typed.values, "errors": fault.fields}
        return render(request, "services/window.html", context, status=422)
    one = item(offer.item_key)
    context |= {
        "item": one,
        "offer": offer,
        "person": person,
        "body": body,
        "typed": [(name, typed.values.get(name, "")) for name in NAMES],
        "once": request.POST.get("once", "")[:40] or secrets.token_urlsafe(12),
        "free": [m for m in one.elements.materials if not m.uploaded],
        "trust": TRUST,
    }
    return _form(request, actor, one, offer, typed.data, context)


def _form(
    request: HttpRequest,
    actor: identity.Actor,
    one: ItemView,
    offer: OfferView,
    who: dict[str, Any],
    context: dict[str, Any],
) -> HttpResponse:
    fields = one.elements.form
    body: identity.OrganisationView | None = context["body"]
    if request.POST.get("step") != "submit":
        known = {
            "person.name": who["window_name"],
            "person.id_number": who["window_id"],
            "person.phone": who["window_phone"],
        }
        if body is not None:
            known |= {"enterprise.name": body.name, "enterprise.uscc": body.uscc}
        values: dict[str, Any] = dict(prefilled(fields, known))
        return render(
            request,
            "services/window_form.html",
            {**context, "fields": fields, "values": values, "errors": {}},
        )
    found = cases.received(request, fields, own=(*OWN, *NAMES))
    errors = dict(found.errors)
    if not found.expanding:
        try:
            if errors:
                raise Invalid(fields=errors)
            case = services.submit(
                one.key,
                actor=actor,
                region=offer.region,
                values=found.data,
                files=found.pairs,
                once=context["once"],
                applicant=cases.Applicant(
                    person_id=context["person"].id,
                    organisation_id=body.id if body else None,
                    name=str(who["window_name"]).strip(),
                    phone="".join(c for c in str(who["window_phone"]) if c in "0123456789")[-11:],
                    id_number="".join(str(who["window_id"]).split()).upper(),
                ),
            )
        except Invalid as fault:
            errors = fault.fields or {"": fault.words}
        else:
            request.session["services_window"] = {"number": case.number, "code": case.query_code}
            return redirect("services:window_done")
    context |= {"fields": fields, "values": found.values, "errors": errors}
    return render(request, "services/window_form.html", context, status=422 if errors else 200)


@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """Tell the number and the query code of what was just taken in."""
    identity.require(request.actor, "services.accept")  # type: ignore[attr-defined]
    note = request.session.get("services_window")
    if not note:
        raise Missing(T("这里没有刚收下的申请", "Nothing was just taken in here"))
    sheet = cases.sheet(note["number"], actor=request.actor)  # type: ignore[attr-defined]
    return render(request, "services/window_done.html", {"case": sheet.case, "code": note["code"]})


@require_safe
def document(request: HttpRequest, number: str, n: int) -> HttpResponse:
    """Give a document of a case to staff who may read it; the name in clear only to who works on it, on record."""
    actor: identity.Actor = request.actor  # type: ignore[attr-defined]
    if not actor.signed_in:
        raise SignInNeeded()
    sheet = cases.sheet(number[:64], actor=actor)
    if sheet.case.type_id not in TYPES:
        raise Missing()
    name, code = sheet.case.applicant_label, ""
    body_id = sheet.case.applicant_organisation_id
    body = identity.organisation(body_id) if body_id is not None else None
    if body is not None:
        name, code = body.name, body.uscc
    elif sheet.may_reveal:
        try:
            clear = cases.reveal_fields(
                sheet.case.id, actor=actor, fields=["applicant.name"], purpose="出具办件文书"
            )
            name = str(clear.get("applicant.name") or name)
        except Refused:
            pass
    return pdf(request, sheet, n, name=name, code=code)


def _others(request: HttpRequest) -> tuple[str, ...]:
    """Return the entries of the second form, which the first need not judge."""
    return tuple(name for name in request.POST if name not in NAMES)


def _offered(actor: identity.Actor) -> tuple[OfferView, ...]:
    """Return what the clerk's own offices handle, and what lies in the region of a wider post."""
    found = identity.reach(actor, "services.accept")
    offices = {*found.organisations, *(post.organisation_id for post in actor.posts)}
    return offers_of(offices)


def _chosen(mine: tuple[OfferView, ...], given: str) -> OfferView:
    key, _, region = given.partition("@")
    for offer in mine:
        if (offer.item_key, offer.region) == (key, region):
            return offer
    raise Invalid(fields={"item": T("请选择事项", "Please choose an item")})


def _person(
    actor: identity.Actor, data: dict[str, Any]
) -> tuple[identity.PersonView, identity.OrganisationView | None]:
    """Return who came, entered if they are new, and the body they act for. Raises Invalid, Refused."""
    clean, slips = cases.validate(WHO, data)
    if slips:
        raise Invalid(fields=slips)
    body = None
    if clean.get("window_uscc"):
        found_bodies = identity.organisations(uscc=clean["window_uscc"], limit=1)
        if not found_bodies:
            raise Invalid(
                fields={"window_uscc": T("没有这家单位，请先登记", "No such organisation; enter it first")}
            )
        body = found_bodies[0]
    found = identity.find_person(id_number=clean["window_id"])
    if found:
        if found[0].name != masked_name("".join(str(clean["window_name"]).split())):
            raise Invalid(
                fields={"window_name": T("姓名与身份证号不一致", "Name and ID number do not belong together")}
            )
        return found[0], body
    try:
        return identity.register_person(
            actor=actor,
            name=clean["window_name"],
            id_number=clean["window_id"],
            phone=clean["window_phone"],
        ), body
    except Invalid as fault:
        raise Invalid(fields={f"window_{name}": words for name, words in fault.fields.items()}) from fault
    except Refused as fault:
        raise Invalid(fields={"window_id": _not_known(fault)}) from fault


def _not_known(fault: Fault) -> T:
    return T("此人尚未登记：{why}", "This person is not entered yet: {why}").fill(why=fault.words)
