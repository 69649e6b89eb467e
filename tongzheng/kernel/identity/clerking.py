"""The personal data clerk's page: find a person by exact number, enter one, and see more for a purpose.

Numbers are sent by POST only, so they are in no address, history or log.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from tongzheng.kernel.core.errors import Invalid, Missing
from tongzheng.kernel.core.text import T

from . import people
from .actors import may, reach, require
from .places import region_path
from .sessions import kept_values
from .showing import chosen_place, show, signed_in
from .views import Actor, PersonView

FIELDS: tuple[tuple[str, T], ...] = (
    ("name", T("姓名", "Name")),
    ("id_number", T("身份证号", "ID number")),
    ("phone", T("电话", "Phone")),
    ("address", T("地址", "Address")),
)


@require_http_methods(["GET", "HEAD", "POST"])
def look_up(request: HttpRequest) -> HttpResponse:
    """Find a person by ID number or phone; what is shown is masked."""
    me = signed_in(request)
    require(me, "identity.search")
    if request.method != "POST":
        return show(request, "people", found=None, **_facts(me))
    number, phone = request.POST.get("id_number", "").strip(), request.POST.get("phone", "").strip()
    if not number and not phone:
        words = T("请填写身份证号或电话", "Enter an ID number or a phone")
        return show(request, "people", Invalid(fields={"id_number": words}), found=None, **_facts(me))
    within = reach(me, "identity.search")
    found = [
        one
        for one in people.find_person(id_number=number or None, phone=phone or None)
        if not one.region or within.covers(organisation=None, region=one.region)
    ]
    return show(request, "people", found=_placed(found), **_facts(me))


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Enter a person; one who is there already is shown."""
    me = signed_in(request)
    require(me, "identity.register")
    typed = request.POST if request.method == "POST" else kept_values(request) or QueryDict()
    where = chosen_place(typed)
    if request.method != "POST":
        return show(request, "person_new", typed=typed, where=where)
    given = {name: typed.get(name, "") for name in people.FIELDS}
    try:
        if where is None:
            raise Invalid(fields={"region": T("请从列表中选择一个地区", "Choose a region from the list")})
        made = people.register_person(actor=me, region=where.code, **given)
    except Invalid as fault:
        return show(request, "person_new", fault, where=where)
    return show(request, "people", found=_placed([made]), **_facts(me))


@require_POST
def unmask(request: HttpRequest, id: int) -> HttpResponse:
    """Show chosen fields of a person, with the purpose that was given; this answer only."""
    me = signed_in(request)
    person = people.person(id)
    if person is None:
        require(me, "identity.reveal")
        raise Missing()
    try:
        shown = people.reveal(
            actor=me,
            person_id=id,
            fields=request.POST.getlist("fields"),
            purpose=request.POST.get("purpose", ""),
            case=request.POST.get("case", ""),
        )
    except Invalid as fault:
        return _shown(request, me, person, {}, fault)
    return _shown(request, me, person, shown)


def _shown(
    request: HttpRequest, me: Actor, person: PersonView, shown: dict[str, str], fault: Invalid | None = None
) -> HttpResponse:
    pairs = [(words, shown[name]) for name, words in FIELDS if name in shown]
    return show(request, "people", fault, found=_placed([person]), pairs=pairs, **_facts(me))


def _placed(found: list[PersonView]) -> list[tuple[PersonView, str]]:
    """Return each person with the names of where they live, from the county down."""
    return [(one, " ".join(str(r.title) for r in region_path(one.region)[2:])) for one in found]


def _facts(me: Actor) -> dict[str, Any]:
    return {
        "fields": FIELDS,
        "may_reveal": may(me, "identity.reveal"),
        "may_register": may(me, "identity.register"),
    }


urlpatterns = [
    path("people/", look_up, name="people"),
    path("people/new/", enter, name="person_new"),
    path("people/<int:id>/", unmask, name="unmask"),
]
