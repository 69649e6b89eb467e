"""Pages of files: the import's steps (upload, preview, progress, result), templates, and the export."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, BinaryIO, cast
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import BadFile, Conflict, Invalid, Missing, Refused, TooLarge
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import Actor, may, require

from . import exports, imports, reading, showing
from .tables import Table, table_of
from .writing import READ_ONLY

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES = {"xlsx": XLSX, "csv": "text/csv; charset=utf-8"}
STEPS = (T("上传", "Upload"), T("核对", "Check"), T("导入", "Import"), T("结果", "Result"))
STALLED = timedelta(seconds=15)
STATES: dict[str, tuple[T, str]] = {
    "checking": (T("检查中", "Being checked"), "soon"),
    "ready": (T("待确认", "Waiting for you"), "soon"),
    "running": (T("导入中", "Being imported"), "soon"),
    "done": (T("已完成", "Done"), "done"),
    "failed": (T("未完成", "Failed"), "late"),
    "cancelled": (T("已取消", "Cancelled"), "quiet"),
}


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, register_id: str) -> HttpResponse:
    """Take a file; show what was uploaded before."""
    actor, table = _actor(request), table_of(register_id)
    if not table.register.writes:
        raise Refused(READ_ONLY)
    require(actor, table.register.writes)
    fault: Any = None
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None:
                raise Invalid(T("请选择一个文件", "Choose a file"))
            view = imports.import_rows(
                register_id, actor=actor, file=cast(BinaryIO, file), name=file.name or ""
            )
        except (Invalid, BadFile, TooLarge, Conflict) as refusal:
            fault = refusal
        else:
            return HttpResponseRedirect(f"/registers/{register_id}/import/{view.id}/")
    context = {
        "register": table.register,
        "id": register_id,
        "steps": STEPS,
        "limit": settings.UPLOAD_LIMIT,
        "fault": fault,
        "keys": [c.column.title for c in table.keys],
        "earlier": [
            {"view": v, "word": STATES[v.state][0], "tone": STATES[v.state][1]}
            for v in imports.imports(register_id, actor=actor)
        ],
    }
    return render(request, "registers/upload.html", context, status=fault.status if fault else 200)


@require_http_methods(["GET", "POST"])
def import_page(request: HttpRequest, register_id: str, id: int) -> HttpResponse:
    """Show an import where it is: being checked, its preview, its progress or its result. POST says go."""
    actor, table = _actor(request), table_of(register_id)
    view = imports.import_of(id, actor=actor)
    if view.register_id != register_id:
        raise Missing()
    if request.method == "POST":
        imports.import_go(id, actor=actor)
        return HttpResponseRedirect(request.path)
    names = [n for n in view.columns if n in table.cols]
    stale = view.open and clock.now() - (view.beat or view.at) > STALLED
    context = {
        "register": table.register,
        "id": register_id,
        "view": view,
        "steps": STEPS,
        "step": {"checking": 2, "ready": 2, "running": 3}.get(view.state, 4),
        "word": STATES[view.state][0],
        "tone": STATES[view.state][1],
        "enter": view.total - view.bad,
        "stale": stale,
        "names": [table.cols[n].column.title for n in names],
        "good": [{"number": row["#"], "cells": [row.get(n, "") for n in names]} for row in view.good],
        "bad": [_bad_line(table, names, row) for row in view.sample],
        "more_bad": max(0, view.bad - len(view.sample)),
    }
    return render(request, "registers/import.html", context)


def _bad_line(table: Table, names: list[str], row: Any) -> dict[str, Any]:
    titles = {n: col.column.title for n, col in table.cols.items()}
    return {
        "number": row.number,
        "cells": [{"text": row.cells.get(n, ""), "bad": n in row.errors} for n in names],
        "why": [(titles.get(n, ""), words) for n, words in row.errors.items()],
    }


@require_POST
def cancel(request: HttpRequest, register_id: str, id: int) -> HttpResponse:
    """Drop an import that has not begun to enter rows."""
    imports.import_cancel(id, actor=_actor(request))
    return HttpResponseRedirect(f"/registers/{register_id}/import/")


@require_GET
def bad(request: HttpRequest, register_id: str, id: int, form: str) -> HttpResponseBase:
    """Send the rows that did not enter, with the reasons."""
    table = table_of(register_id)
    body = exports.bad_file(id, actor=_actor(request), form=form)
    return _sent(body, f"{table.register.title}-{T('未导入', 'not imported')}-{id}.{form}", TYPES[form])


@require_GET
def template(request: HttpRequest, register_id: str) -> HttpResponseBase:
    """Send an empty file to fill in."""
    table = table_of(register_id)
    body = exports.template(register_id, actor=_actor(request))
    return _sent(iter((body,)), f"{table.register.title}-{T('模板', 'template')}.xlsx", XLSX)


@require_http_methods(["GET", "POST"])
def export(request: HttpRequest, register_id: str) -> HttpResponseBase:
    """Ask for form, columns and purpose; then send the file."""
    actor, table = _actor(request), table_of(register_id)
    view = reading.register(register_id, actor=actor)
    if not table.register.exports:
        raise Refused(T("这本台账不能导出", "This register cannot be exported"))
    require(actor, table.register.exports)
    given = request.POST if request.method == "POST" else request.GET
    ask = showing.asked(given)
    fault: Any = None
    if request.method == "POST":
        form = request.POST.get("form", "xlsx")
        try:
            body = exports.export(
                register_id,
                actor=actor,
                form=form,
                words=ask.words,
                filters=ask.filters,
                sort=ask.sort,
                columns=ask.columns,
                purpose=request.POST.get("purpose", ""),
                reveal=request.POST.get("reveal") == "1",
            )
        except (Invalid, TooLarge) as refusal:
            fault = refusal
        else:
            return _sent(body, f"{table.register.title}-{clock.today():%Y%m%d}.{form}", TYPES[form])
    columns = showing.chosen(table, ask.columns)
    context = {
        "view": view,
        "register": table.register,
        "id": register_id,
        "ask": ask,
        "hidden": [(f"f.{k}", v) for k, v in ask.filters.items() if isinstance(v, str)],
        "columns": [(c.column.name, c.column.title, c.column in columns) for c in table.cols.values()],
        "page": reading.rows(register_id, actor=actor, words=ask.words, filters=ask.filters, limit=1),
        "form": given.get("form", "xlsx"),
        "purpose": given.get("purpose", ""),
        "may_reveal": any(c.use for c in table.cols.values()) and bool(may(actor, reading.REVEAL)),
        "fault": fault,
        "errors": fault.fields if fault else {},
    }
    return render(request, "registers/export.html", context, status=fault.status if fault else 200)


def _sent(body: Any, name: str, kind: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "no-store, private"
    return response


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]
