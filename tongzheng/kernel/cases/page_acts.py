"""What is done from a case sheet: moves, notes, files, reveals. Post, then look at the sheet again.

A form carries the version and the last event that its reader saw. If somebody else was faster nothing happens:
the answer (409) shows what they did and still holds what was typed. The same press twice counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import Actor
from tongzheng.kernel.ledger import api as ledger

from . import api, faces
from .forms import validate
from .incoming import received, restored
from .kinds import Field
from .lookup import PLACES
from .page_choosers import rulings, takers
from .views import MoveView, Sheet

OWN = {
    "move_note": "note",
    "move_organisation": "organisation",
    "move_days": "days",
    "move_handler": "handler",
}
"""The entries that every move of a kind asks, and how the door calls them."""

PAGE = ("version", "seen", "move_handler_words")
"""The entries of a move's page that belong to no form."""

SANDBOX = "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
ANY_FILE = Field("file", T("文件", "File"), "file")


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, number: str, move: str) -> HttpResponse:
    """Show what a move asks (GET) and make it (POST)."""
    actor = _actor(request)
    sheet = api.sheet(number, actor=actor)
    view = next((one for one in sheet.moves if one.name == move), None)
    if view is None:
        return _gone(request, sheet, move)
    if request.method != "POST":
        typed = restored(request, faces.asked(view))
        return _form(request, sheet, view, typed.dict() if typed else {}, {})
    incoming = received(request, faces.asked(view, sheet.clock), own=PAGE)
    version, seen = _number(request, "version"), _number(request, "seen")
    if incoming.expanding:
        return _form(request, sheet, view, incoming.values, {})
    if version != sheet.case.version:
        return _late(request, sheet, view, seen, incoming.values)
    if not view.allowed:
        raise Refused(view.why)
    clean, errors = validate(
        faces.asked(view, sheet.clock), incoming.data, incoming.files, today=clock.today(), lookup=PLACES
    )
    errors = {**errors, **incoming.errors}
    handler, slip = _handler(request, sheet, view, clean.get("move_organisation"))
    if slip:
        errors["move_handler"] = slip
    if errors:
        return _form(request, sheet, view, incoming.values, errors, status=422)
    try:
        api.move_case(
            number,
            move,
            actor=actor,
            version=version,
            note=clean.get("move_note", ""),
            data={name: value for name, value in incoming.data.items() if name not in OWN},
            organisation=clean.get("move_organisation"),
            handler=handler,
            days=clean.get("move_days"),
            files=incoming.pairs,
        )
    except Invalid as fault:
        told = {
            f"move_{name}" if name in OWN.values() else name: words for name, words in fault.fields.items()
        }
        return _form(request, sheet, view, incoming.values, told or {"": fault.words}, status=422)
    except Conflict:
        return _late(request, api.sheet(number, actor=actor), view, seen, incoming.values)
    return _done(request, number)


def _handler(
    request: HttpRequest, sheet: Sheet, view: MoveView, organisation: int | None
) -> tuple[int | None, T | None]:
    """Return the person chosen, by id or by the name as typed, and what is wrong with the choice."""
    id, words = request.POST.get("move_handler", ""), request.POST.get("move_handler_words", "").strip()
    if not view.chooses_organisation or organisation is None or not (id or words):
        return None, None
    found = [one for one in takers(sheet, view.name, organisation) if id in ("", str(one.account_id))]
    found = found if id else [one for one in found if one.label == words]
    if len(found) == 1:
        return found[0].account_id, None
    return None, T(
        "这个单位没有可以办理的这位人员，请重选", "Nobody of that name there can take it; choose again"
    )


def _form(
    request: HttpRequest,
    sheet: Sheet,
    view: MoveView,
    values: Mapping[str, Any],
    errors: Mapping[str, T],
    *,
    status: int = 200,
    others: list[dict[str, Any]] | None = None,
) -> HttpResponse:
    people = reverse("cases:people", args=[sheet.case.number, view.name])
    context = {
        "sheet": sheet,
        "case": sheet.case,
        "move": view,
        "fields": faces.asked(view, sheet.clock),
        "values": {**values, "move_handler_words": request.POST.get("move_handler_words", "")},
        "errors": errors,
        "others": others,
        "seen": max((event.n for event in sheet.timeline), default=0),
        "clock_face": faces.clock_face(sheet.clock) if sheet.clock else None,
        "kept": faces.kept_words(faces.asked(view, sheet.clock), values),
        "whole": not _partial(request),
        "rulings": rulings(sheet, view.name, _actor(request)),
        "urls": {"move_handler": f"{people}?organisation={values.get('move_organisation') or ''}"},
    }
    template = "cases/partials/move.html" if _partial(request) else "cases/move.html"
    response = render(request, template, context, status=status)
    if _partial(request) and request.method == "POST":
        response["HX-Retarget"] = "#move"
        response["HX-Reswap"] = "innerHTML"
    return response


def _late(
    request: HttpRequest, sheet: Sheet, view: MoveView, seen: int, values: Mapping[str, Any]
) -> HttpResponse:
    """Somebody moved the case since the form was opened; if it was this same press, it has been done."""
    mine = [event for event in sheet.timeline if event.n > seen and event.actor_id == _actor(request).id]
    if any(event.move == view.name for event in mine):
        return _done(request, sheet.case.number)
    others = faces.since(sheet, seen)
    now = next((one for one in sheet.moves if one.name == view.name), view)
    return _form(request, sheet, now, values, {}, status=409, others=others)


def _gone(request: HttpRequest, sheet: Sheet, name: str) -> HttpResponse:
    """The state no longer knows this move: show what happened, with what was typed, if it was a late press."""
    if request.method != "POST":
        raise Missing(T("当前环节没有这个动作", "This state has no such move"))
    seen = _number(request, "seen")
    mine = [e for e in sheet.timeline if e.n > seen and e.actor_id == _actor(request).id and e.move == name]
    if mine:
        return _done(request, sheet.case.number)
    declared = faces.declared_move(sheet.case.type_id, name)
    if declared is None:
        raise Missing(T("当前环节没有这个动作", "This state has no such move"))
    values = {
        key: request.POST[key]
        for key in request.POST
        if key not in ("csrfmiddlewaretoken", "version", "seen")
    }
    return _form(
        request,
        sheet,
        faces.closed_move(declared),
        values,
        {},
        status=409,
        others=faces.since(sheet, seen),
    )


def _done(request: HttpRequest, number: str) -> HttpResponse:
    """Look at the sheet again; if it has left the reader's sight, at the list."""
    if not _partial(request):
        return HttpResponseRedirect(reverse("cases:sheet", args=[number]) + "?done=1", status=303)
    try:
        sheet = api.sheet(number, actor=_actor(request))
    except Missing:
        response = HttpResponse(status=204)
        response["HX-Redirect"] = reverse("cases:inbox")
        return response
    last = max(sheet.timeline, key=lambda event: event.n)
    face = faces.sheet_face(sheet, notice=T("已办：{title}", "Done: {title}").fill(title=last.title))
    response = render(request, "cases/partials/sheet.html", face)
    response["HX-Retarget"] = "#sheet"
    response["HX-Reswap"] = "innerHTML"
    response["HX-Trigger"] = "inbox-changed"
    return response


@require_POST
def note(request: HttpRequest, number: str) -> HttpResponse:
    """Add a note."""
    try:
        api.add_note(number, actor=_actor(request), note=request.POST.get("note", ""))
    except Invalid as fault:
        return shown(
            request, number, slip={"note": next(iter(fault.fields.values()), fault.words)}, status=422
        )
    return back(request, number)


@require_POST
def attach(request: HttpRequest, number: str) -> HttpResponse:
    """Attach files to the case."""
    actor = _actor(request)
    api.sheet(number, actor=actor)  # whoever may not read the case leaves no file here
    incoming = received(request, (ANY_FILE,))
    if not incoming.files:
        words = incoming.errors.get("file") or T("请选择文件", "Please choose a file")
        return shown(request, number, slip={"file": words}, status=422)
    for _entry, kept in incoming.pairs:
        api.attach_file(number, actor=actor, file=kept)
    return back(request, number)


@require_POST
def reveal(request: HttpRequest, number: str) -> HttpResponse:
    """Show personal entries in clear for a purpose; the engine puts it on the ledger before anything is shown."""
    fields, purpose = request.POST.getlist("field")[:60], request.POST.get("purpose", "")
    try:
        clear = api.reveal_fields(number, actor=_actor(request), fields=fields, purpose=purpose)
    except Invalid as fault:
        words = fault.fields.get("purpose") or next(iter(fault.fields.values()), fault.words)
        return shown(request, number, slip={"purpose": words}, status=422)
    return shown(request, number, revealed=clear)


@require_http_methods(["GET", "HEAD", "POST"])
def file(request: HttpRequest, number: str, digest: str) -> HttpResponse | FileResponse:
    """Give a file of a case; a personal one only after a purpose is stated (POST), which goes on the ledger."""
    actor = _actor(request)
    sheet = api.sheet(number, actor=actor)
    found = next((one for one in sheet.files if one.digest == digest), None)
    if found is None:
        raise Missing(T("这个办件没有这个文件", "This case has no such file"))
    fact = next((one for one in sheet.facts if one.name == found.field), None)
    if fact is not None and fact.personal:
        if request.method != "POST":
            return render(request, "cases/purpose.html", {"case": sheet.case, "file": found, "errors": {}})
        purpose = request.POST.get("purpose", "")
        try:
            api.reveal_fields(number, actor=actor, fields=[fact.name], purpose=purpose)
        except Invalid as fault:
            errors = {"purpose": fault.fields.get("purpose", fault.words)}
            context = {"case": sheet.case, "file": found, "errors": errors, "purpose": purpose}
            return render(request, "cases/purpose.html", context, status=422)
    opens = found.media_type in faces.IN_LINE and request.GET.get("download") != "1"
    response = FileResponse(ledger.open_file(digest), content_type=_type(found.media_type))
    disposition = content_disposition_header(not opens, found.name)
    if disposition:
        response["Content-Disposition"] = disposition
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, max-age=600" if fact is None or not fact.personal else "no-store"
    return response


def _type(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def shown(
    request: HttpRequest,
    number: str,
    *,
    revealed: Mapping[str, Any] | None = None,
    slip: Mapping[str, T] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Return the sheet as it is now, with what was slipped in or revealed."""
    face = faces.sheet_face(api.sheet(number, actor=_actor(request)), revealed=revealed)
    face |= {"slip": slip or {}, "typed": request.POST if slip else {}}
    if revealed is not None:
        face["notice"] = T(
            "已显示，谁、何时、为何看都已记入账本", "Shown; who, when and why are on the ledger"
        )
    if not _partial(request):
        return render(request, "cases/sheet.html", face, status=status)
    response = render(request, "cases/partials/sheet.html", face, status=status)
    response["HX-Retarget"] = "#sheet"
    response["HX-Reswap"] = "innerHTML"
    return response


def back(request: HttpRequest, number: str) -> HttpResponse:
    """Go back to the sheet after an act."""
    if _partial(request):
        return shown(request, number)
    return HttpResponseRedirect(reverse("cases:sheet", args=[number]), status=303)


def _partial(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def _number(request: HttpRequest, name: str) -> int:
    given = request.POST.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 10 else 0


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
