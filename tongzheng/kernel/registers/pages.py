"""Pages of registers: lists, sheets, forms, bulk actions, saved views and maps. Imports and exports are beside."""

from __future__ import annotations

from typing import Any, cast
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import Resolver404, path, resolve
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.api import Actor, may

from . import files, reading, saved, showing, writing
from .kinds import Bulk
from .names import Names
from .shapes import RegisterView
from .tables import Table, table_of

prefix = "registers"
PAGE = 50


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show the registers that the reader may open, by system."""
    groups: dict[str, tuple[T, list[RegisterView]]] = {}
    for view in reading.registers(actor=_actor(request)):
        groups.setdefault(view.id.split(".", 1)[0], (view.system, []))[1].append(view)
    if not groups:
        identity.require(_actor(request), "registers.organisations")
    return render(request, "registers/index.html", {"groups": list(groups.values())})


@require_GET
def rows(request: HttpRequest, register_id: str) -> HttpResponse:
    """Show one page of a register's rows."""
    actor, table = _actor(request), table_of(register_id)
    view = reading.register(register_id, actor=actor)
    ask = showing.asked(request.GET)
    names = Names()
    columns = showing.chosen(table, ask.columns)
    errors: dict[str, T] = {}
    page = None
    try:
        page = reading.rows(
            register_id,
            actor=actor,
            words=ask.words,
            filters=ask.filters,
            sort=ask.sort,
            after=ask.after or None,
            limit=PAGE,
        )
    except Invalid as fault:
        errors = {f"f.{name}": words for name, words in fault.fields.items()} or {"words": fault.words}
    current = ask.query()
    views = [
        {"view": v, "query": showing.from_saved(v.query).query()}
        for v in saved.views(register_id, actor=actor)
    ]
    context = {
        "view": view,
        "register": table.register,
        "ask": ask,
        "page": page,
        "errors": errors,
        "heads": showing.heads(table, columns, ask),
        "lines": showing.lines(table, columns, page.rows, names) if page else [],
        "filters": showing.filter_fields(table, ask, names),
        "filtered": len(ask.filters),
        "columns": [(c.column, c.column in columns) for c in table.cols.values()],
        "views": [{**v, "current": v["query"] == current and bool(current)} for v in views],
        "current": current,
        "bulk": [b for b in table.register.bulk if may(actor, b.by)],
    }
    answer = render(request, "registers/list.html", context, status=422 if errors else 200)
    if request.headers.get("HX-Request"):
        after = f"&after={ask.after}" if ask.after else ""
        answer["HX-Push-Url"] = f"{request.path}?{current}{after}" if current or after else request.path
    return answer


@require_GET
def sheet(request: HttpRequest, register_id: str, pk: str) -> HttpResponse:
    """Show one row, its history and the cases about it."""
    return _sheet(request, register_id, pk)


@require_POST
def reveal(request: HttpRequest, register_id: str, pk: str) -> HttpResponse:
    """Show one row with its sealed columns in clear, for the stated purpose."""
    table = table_of(register_id)
    names = tuple(name for name, col in table.cols.items() if col.use)
    return _sheet(request, register_id, pk, reveal=names, purpose=request.POST.get("purpose", ""))


def _sheet(
    request: HttpRequest, register_id: str, pk: str, *, reveal: tuple[str, ...] = (), purpose: str = ""
) -> HttpResponse:
    actor, table = _actor(request), table_of(register_id)
    errors: dict[str, T] = {}
    try:
        found = reading.row(register_id, pk, actor=actor, reveal=reveal, purpose=purpose)
    except Invalid as fault:
        errors = fault.fields
        found = reading.row(register_id, pk, actor=actor)
    names = Names()
    names.learn(table, [found.row.values])
    context = {
        "view": reading.register(register_id, actor=actor),
        "register": table.register,
        "row": found.row,
        "facts": showing.facts(table, found.row.values, found.revealed, names),
        "events": showing.events(table, found.history),
        "subject": found.subject,
        "related": _answers("/work/related/"),
        "may_write": found.may_write,
        "may_reveal": any(c.use for c in table.cols.values()) and bool(may(actor, reading.REVEAL)),
        "revealed": bool(found.revealed),
        "errors": errors,
    }
    return render(request, "registers/sheet.html", context, status=422 if errors else 200)


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, register_id: str) -> HttpResponse:
    """Enter a row."""
    actor, table = _actor(request), table_of(register_id)
    if not table.register.writes:
        raise Refused(writing.READ_ONLY)
    identity.require(actor, table.register.writes)
    if request.method == "GET":
        return _form(request, table, {}, creating=True)
    values = showing.typed_values(table, request.POST, creating=True)
    try:
        row = writing.create(
            register_id, actor=actor, values=values, once=request.POST.get("once", "").replace("\x00", "")
        )
    except (Invalid, Conflict) as fault:
        return _form(request, table, request.POST.dict(), creating=True, fault=fault)
    return HttpResponseRedirect(f"/registers/{register_id}/rows/{row.pk}/")


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, register_id: str, pk: str) -> HttpResponse:
    """Change a row; when somebody else did so meanwhile, show what and keep what was typed."""
    actor, table = _actor(request), table_of(register_id)
    found = reading.row(register_id, pk, actor=actor)
    if not found.may_write:
        raise Refused(writing.OUT_OF_REACH if table.register.writes else writing.READ_ONLY)
    if request.method == "GET":
        return _form(
            request, table, found.row.values, pk=pk, version=found.row.version, label=found.row.label
        )
    values = showing.typed_values(table, request.POST, creating=False)
    try:
        writing.update(
            register_id, actor=actor, pk=pk, values=values, version=request.POST.get("version") or None
        )
    except (Invalid, Conflict) as fault:
        moved = isinstance(fault, Conflict) and fault.words is not writing.TAKEN
        return _form(
            request,
            table,
            request.POST.dict(),
            pk=pk,
            # After a clash the form goes on from the latest state, having shown it.
            version=found.row.version if moved else request.POST.get("version", ""),
            label=found.row.label,
            fault=fault,
            latest=found.history[0] if moved and found.history else None,
        )
    return HttpResponseRedirect(f"/registers/{register_id}/rows/{pk}/")


def _form(
    request: HttpRequest,
    table: Table,
    values: Any,
    *,
    creating: bool = False,
    pk: str = "",
    version: str = "",
    label: str = "",
    fault: Invalid | Conflict | None = None,
    latest: Any = None,
) -> HttpResponse:
    errors = fault.fields if fault else {}
    context = {
        "register": table.register,
        "id": table.id,
        "pk": pk,
        "label": label,
        "version": version,
        "creating": creating,
        "once": (request.POST.get("once") if fault else "") or uuid4().hex,
        "fields": showing.form_fields(
            table, values, errors, Names(), creating=creating, typed=fault is not None
        ),
        "errors": errors,
        "labels": {name: col.column.title for name, col in table.cols.items()},
        "fault": fault if fault and not errors else None,
        "latest": showing.events(table, [latest])[0] if latest else None,
    }
    return render(request, "registers/edit.html", context, status=fault.status if fault else 200)


@require_POST
def bulk(request: HttpRequest, register_id: str, name: str) -> HttpResponse:
    """Ask for the value of a bulk action, then do it."""
    actor, table = _actor(request), table_of(register_id)
    action: Bulk | None = next((b for b in table.register.bulk if b.name == name), None)
    if action is None or action.column not in table.cols:
        raise Missing()
    identity.require(actor, action.by)
    pks = request.POST.getlist("pk")
    column = action.column
    errors: dict[str, T] = {}
    result = None
    if "go" in request.POST:
        value = request.POST.get(column, "") or request.POST.get(f"{column}_words", "")
        try:
            result = writing.bulk(register_id, name, actor=actor, pks=pks, value=value)
        except Invalid as fault:
            errors = fault.fields or {column: fault.words}
    fields = showing.form_fields(
        table, request.POST.dict(), errors, Names(), creating=True, typed="go" in request.POST
    )
    context = {
        "register": table.register,
        "id": register_id,
        "action": action,
        "pks": pks,
        "field": next((f for f in fields if f["name"] == column), None),
        "errors": errors,
        "result": result,
        "back": request.POST.get("back", ""),
    }
    return render(request, "registers/bulk.html", context, status=422 if errors else 200)


@require_POST
def save_view(request: HttpRequest, register_id: str) -> HttpResponse:
    """Keep the list's conditions under a name."""
    ask = showing.asked(request.POST)
    saved.save_view(
        register_id,
        actor=_actor(request),
        name=request.POST.get("name", ""),
        query=ask.kept(),
        shared=request.POST.get("shared") == "1",
    )
    return HttpResponseRedirect(f"/registers/{register_id}/?{ask.query()}")


@require_POST
def drop_view(request: HttpRequest, register_id: str, view_id: int) -> HttpResponse:
    """Delete one of one's own saved views."""
    saved.drop_view(register_id, actor=_actor(request), id=view_id)
    return HttpResponseRedirect(f"/registers/{register_id}/")


@require_GET
def place_map(request: HttpRequest, register_id: str) -> HttpResponse:
    """Show the register's map, and the first rows beside it for those who see no map."""
    actor, table = _actor(request), table_of(register_id)
    if not table.register.place:
        raise Missing()
    ask = showing.asked(request.GET)
    page = reading.rows(register_id, actor=actor, words=ask.words, filters=ask.filters, limit=PAGE)
    context = {
        "view": reading.register(register_id, actor=actor),
        "register": table.register,
        "current": ask.query(),
        "points": f"/registers/{register_id}/points.json?{ask.query()}",
        "lines": showing.lines(table, [], page.rows, Names()),
        "page": page,
    }
    return render(request, "registers/map.html", context)


@require_GET
def points(request: HttpRequest, register_id: str) -> HttpResponse:
    """Answer the map: GeoJSON of the rows within `box` (west,south,east,north), gathered for `zoom`."""
    ask = showing.asked(request.GET)
    given: dict[str, Any] = {}
    try:
        if request.GET.get("box"):
            given["box"] = tuple(float(part) for part in request.GET["box"].split(","))
            if len(given["box"]) != 4:
                raise ValueError
        if request.GET.get("zoom"):
            given["zoom"] = float(request.GET["zoom"])
    except ValueError:
        raise Invalid(T("地图范围不对", "The map's extent is wrong")) from None
    found = reading.points(register_id, actor=_actor(request), words=ask.words, filters=ask.filters, **given)
    return JsonResponse(found, json_dumps_params={"ensure_ascii": False})


@require_GET
def options(request: HttpRequest, kind: str) -> HttpResponse:
    """Answer a combobox: regions or organisations that fit what was typed."""
    if _actor(request).kind != "staff":
        identity.require(_actor(request), "registers.organisations")
    words = request.GET.get("q", "")[:60]
    if kind == "region":
        found = [(r.code, r.title, r.code) for r in identity.regions(words=words, limit=20)]
    elif kind == "organisation":
        found = [(str(o.id), o.title, o.uscc) for o in identity.organisations(words=words, limit=20)]
    else:
        raise Missing()
    return render(request, "registers/options.html", {"options": found})


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]


def _answers(address: str) -> bool:
    """Tell whether some package answers at an address: the cases engine is optional here."""
    try:
        resolve(address)
    except Resolver404:
        return False
    return True


urlpatterns = [
    path("", index, name="index"),
    path("options/<str:kind>", options, name="options"),
    path("<str:register_id>/", rows, name="rows"),
    path("<str:register_id>/new/", create, name="create"),
    path("<str:register_id>/rows/<str:pk>/", sheet, name="sheet"),
    path("<str:register_id>/rows/<str:pk>/edit/", edit, name="edit"),
    path("<str:register_id>/rows/<str:pk>/reveal/", reveal, name="reveal"),
    path("<str:register_id>/bulk/<str:name>/", bulk, name="bulk"),
    path("<str:register_id>/views/", save_view, name="save_view"),
    path("<str:register_id>/views/<int:view_id>/delete/", drop_view, name="drop_view"),
    path("<str:register_id>/map/", place_map, name="map"),
    path("<str:register_id>/points.json", points, name="points"),
    path("<str:register_id>/export/", files.export, name="export"),
    path("<str:register_id>/template.xlsx", files.template, name="template"),
    path("<str:register_id>/import/", files.upload, name="upload"),
    path("<str:register_id>/import/<int:id>/", files.import_page, name="import"),
    path("<str:register_id>/import/<int:id>/cancel/", files.cancel, name="cancel"),
    path("<str:register_id>/import/<int:id>/bad.<str:form>", files.bad, name="bad"),
]
