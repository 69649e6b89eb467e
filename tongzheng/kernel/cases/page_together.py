"""Pages of work done together: merging and splitting, asking other bodies and answering them, checklists, precedents.

Each parses, calls the door and looks at the sheet again; no rule lives here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import Actor

from . import api, faces, page_choosers
from .incoming import Incoming, received
from .kinds import CaseType, Field, Subtask
from .page_acts import shown
from .views import CaseRow, Sheet
from .wording import units

BODIES = 6
"""So many bodies can be asked from one form."""

NOTE = Field("note", T("说明", "Why"), "long", required=False, max_length=4000)


@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, number: str) -> HttpResponse:
    """Show what may be the same matter (GET) and merge what was chosen into this case (POST)."""
    actor = _actor(request)
    sheet = api.sheet(number, actor=actor)
    if not sheet.together.may_merge:
        raise Refused(T("这个办件现在不能并入别的办件", "This case cannot take in others now"))
    typed = request.POST.get("more", "")[:2000]
    picked = request.POST if request.method == "POST" else request.GET
    chosen = [
        *picked.getlist("member")[:500],
        *typed.replace("，", " ").replace(",", " ").split()[:500],
    ]
    errors: dict[str, T] = {}
    if request.method == "POST":
        try:
            api.merge(
                number,
                [one.upper() for one in chosen],
                actor=actor,
                note=request.POST.get("note", ""),
                version=_version(request),
            )
        except Invalid as fault:
            errors = {"more": fault.words} | (
                {"note": fault.fields["note"]} if "note" in fault.fields else {}
            )
        except Conflict as fault:
            errors = {"more": fault.words}
        else:
            return _back(number)
    near = [
        {"row": row, "clock": faces.row_clock(row), "on": row.number in chosen}
        for row in candidates(sheet, actor)
    ]
    context = {"sheet": sheet, "case": sheet.case, "near": near, "more": typed, "errors": errors}
    context["note"] = request.POST.get("note", "")
    return render(request, "cases/merge.html", context, status=422 if errors else 200)


def candidates(sheet: Sheet, actor: Actor) -> list[CaseRow]:
    """Return open cases about the same thing in the same place that could be merged into this one."""
    case = sheet.case
    kind = registry.find(CaseType, case.type_id)
    if not case.subject or kind is None or kind.merging is None:
        return []
    there = {one.number for one in sheet.together.members} | {case.number}
    rows = api.find_cases(
        actor=actor, type_id=case.type_id, subject=case.subject, region=case.region, limit=50
    ).rows
    return [
        row
        for row in rows
        if row.number not in there and row.state in kind.merging.states and not row.merged and not row.members
    ]


@require_POST
def split(request: HttpRequest, number: str) -> HttpResponse:
    """Split members off, or dissolve the whole (no member named)."""
    members = request.POST.getlist("member")[:500]
    api.split(
        number, members, actor=_actor(request), note=request.POST.get("note", ""), version=_version(request)
    )
    return _again(request, number)


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """Show what is asked of other bodies (GET) and ask them (POST)."""
    actor = _actor(request)
    sheet = api.sheet(number, actor=actor)
    subtask = next((one for one in sheet.together.may_ask if one.name == name), None)
    if subtask is None:
        raise Missing(T("当前环节没有这种协办", "This state has no such part to give"))
    fields = _asking(subtask)
    if request.method != "POST":
        return _form(request, sheet, subtask.title, fields, {"required": "true"}, {}, subtask)
    incoming = received(request, fields, own=("version",))
    if incoming.expanding:
        return _form(request, sheet, subtask.title, fields, incoming.values, {}, subtask)
    clean, errors = api.validate(fields, incoming.data)
    bodies = [clean[f"body{n}"] for n in range(1, BODIES + 1) if clean.get(f"body{n}") is not None]
    if not errors:
        try:
            api.ask(
                number,
                name,
                actor=actor,
                organisations=bodies,
                question=clean["question"],
                days=clean.get("days"),
                required=bool(clean.get("required")),
                version=_version(request),
            )
        except Invalid as fault:
            errors = {
                "body1" if key == "organisations" else key: words for key, words in fault.fields.items()
            }
        except Conflict as fault:
            errors = {"": fault.words}
        else:
            return _back(number)
    return _form(request, sheet, subtask.title, fields, incoming.values, errors, subtask, status=422)


def _asking(subtask: Subtask) -> tuple[Field, ...]:
    turns = subtask.order == "sequential"
    first = T("第 {n} 个单位", "Body {n} in turn") if turns else T("单位 {n}", "Body {n}")
    bodies = tuple(
        Field(f"body{n}", first.fill(n=n), "organisation", required=n == 1) for n in range(1, BODIES + 1)
    )
    limit = T("不填则 {n}，最迟到本件的时限", "Otherwise {n}; at the latest with the case").fill(
        n=units(subtask.amount, subtask.unit)
    )
    return (
        Field("question", T("请他们做什么", "What is asked"), "long", max_length=2000),
        *bodies,
        Field("days", T("时限", "Time"), "integer", required=False, minimum=1, maximum=366, help=limit),
        Field(
            "required",
            T("必须等到答复才能继续", "The case waits for the answer"),
            "bool",
            required=False,
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest, number: str, part: int) -> HttpResponse:
    """Show what one was asked (GET) and answer it (POST)."""
    actor = _actor(request)
    sheet = api.sheet(number, actor=actor)
    view = next((one for one in sheet.together.parts if one.part.id == part), None)
    if view is None or view.subtask is None or not view.may_give:
        raise Missing(T("没有等您答复的这一项", "Nothing of this kind waits for your answer"))
    fields = _answering(view.subtask)
    if request.method != "POST":
        return _form(request, sheet, view.title, fields, {}, {}, view.subtask, asked=view.part)
    incoming: Incoming = received(request, fields, own=("version",))
    if incoming.expanding:
        return _form(request, sheet, view.title, fields, incoming.values, {}, view.subtask, asked=view.part)
    errors = dict(incoming.errors)
    if not errors:
        try:
            api.give(
                part,
                actor=actor,
                answer=str(incoming.data.get("part_answer", "")),
                opinion=str(incoming.data.get("part_opinion", "")),
                data={k: v for k, v in incoming.data.items() if k not in ("part_answer", "part_opinion")},
                files=incoming.pairs,
            )
        except Invalid as fault:
            named = {"answer": "part_answer", "opinion": "part_opinion"}
            errors = {named.get(key, key): words for key, words in fault.fields.items()}
        else:
            return _back(number)
    return _form(
        request, sheet, view.title, fields, incoming.values, errors, view.subtask, asked=view.part, status=422
    )


def _answering(subtask: Subtask) -> tuple[Field, ...]:
    return (
        Field("part_answer", T("结论", "Conclusion"), "choice", choices=subtask.answers),
        Field("part_opinion", T("意见", "Opinion"), "long", required=not subtask.silence, max_length=4000),
        *subtask.fields,
    )


@require_POST
def take_back(request: HttpRequest, number: str, part: int) -> HttpResponse:
    """Take back what was asked and not yet answered."""
    try:
        api.take_back(part, actor=_actor(request), note=request.POST.get("note", ""))
    except Invalid as fault:
        return shown(
            request, number, slip={"part": next(iter(fault.fields.values()), fault.words)}, status=422
        )
    return _again(request, number)


@require_POST
def tick(request: HttpRequest, number: str, check: str) -> HttpResponse:
    """Tick a line of the checklist, or take the tick away."""
    api.tick(number, check, actor=_actor(request), done=request.POST.get("done") == "1")
    return _again(request, number)


@require_safe
def precedents(request: HttpRequest) -> HttpResponse:
    """Find rulings on who handles what."""
    asked = {
        name: request.GET.get(name, "").replace("\0", "").strip()[:200]
        for name in ("words", "region", "after", "subject")
    }
    rows: Any = ()
    after, refused = "", None
    try:
        page = api.precedents(actor=_actor(request), **asked, limit=30)
        rows, after = page.rows, page.after
    except Invalid as fault:
        refused = next(iter(fault.fields.values()), fault.words)
    context = {**asked, "rows": rows, "refused": refused, "keys": {"next": after or None}}
    context["counties"] = page_choosers.counties()
    return render(request, "cases/precedents.html", context)


def _form(
    request: HttpRequest,
    sheet: Sheet,
    title: T,
    fields: tuple[Field, ...],
    values: Mapping[str, Any],
    errors: Mapping[str, T],
    subtask: Subtask,
    *,
    asked: Any = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "sheet": sheet,
        "case": sheet.case,
        "title": title,
        "fields": fields,
        "values": values,
        "errors": errors,
        "subtask": subtask,
        "asked": asked,
        "clock_face": faces.clock_face(sheet.clock) if sheet.clock else None,
        **{name: value for name, value in faces.sheet_face(sheet).items() if name in ("entries", "files")},
    }
    return render(request, "cases/part.html", context, status=status)


def _again(request: HttpRequest, number: str) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        return shown(request, number)
    return _back(number)


def _back(number: str) -> HttpResponse:
    """Look at the sheet again."""
    return HttpResponseRedirect(reverse("cases:sheet", args=[number]), status=303)


def _version(request: HttpRequest) -> int | None:
    given = request.POST.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 10 else None


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
