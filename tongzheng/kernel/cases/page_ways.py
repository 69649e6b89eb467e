"""The way a case has taken, on its diagram; and, for who keeps processes, putting right what has stopped and moving the
case to another version by a mapping that is shown first."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST, require_safe

from tongzheng.kernel.core.errors import Conflict, Invalid, Missing
from tongzheng.kernel.core.text import T
from tongzheng.kernel.definitions import api as definitions
from tongzheng.kernel.identity import api as identity

from . import api, sql
from .drawn import defining, living, picturing, stepping, waking
from .drawn.model import understand
from .drawn.reading import read
from .record import json_of
from .views import Sheet

AT = "at."
"""Before the old element in the names of the entries that say where it goes."""


@require_safe
def way(request: HttpRequest, number: str) -> HttpResponse:
    """Show on its diagram which way a case has taken, where it stands, and what has stopped."""
    sheet = _sheet(request, number)
    return _shown(request, sheet, {}, to=request.GET.get("to", ""))


def _sheet(request: HttpRequest, number: str) -> Sheet:
    sheet = api.sheet(number, actor=_actor(request))
    if not living.drawn(sheet.case.type_id):
        raise Missing(T("这个办件不按流程图办理", "This case does not run by a drawing"))
    return sheet


def _shown(
    request: HttpRequest, sheet: Sheet, errors: dict[str, T], *, to: str = "", status: int = 200
) -> HttpResponse:
    case = sheet.case
    stood = stepping.load(case.id)
    model = understand(read(defining.plain(definitions.version(stood.version_id).content)))
    here: dict[str, int] = {}
    for token in stood.state["tokens"].values():
        here[token["at"]] = here.get(token["at"], 0) + 1
    passed = {
        id
        for (path,) in sql.rows(
            "SELECT data -> %s::text FROM cases_event WHERE case_id = %s AND data -> %s::text IS NOT NULL",
            (living.PATH, case.id, living.PATH),
        )
        for id in json_of(path)
    }
    keeps = stood.state["status"] == "running" and bool(
        identity.may(_actor(request), defining.PUBLISH, organisation=case.organisation_id, region=case.region)
    )
    picture = picturing.picture(model, title=str(case.type_title), passed=passed, here=here)
    return render(
        request,
        "cases/way.html",
        {
            "case": case,
            # Built by `picturing`, which escapes every text it takes from the file.
            "picture": mark_safe(picture),  # noqa: S308
            "steps": [{"name": model.at(id)[0] or id, "count": count} for id, count in here.items()],
            "troubles": [
                {"name": model.at(one["at"])[0] or one["at"], "words": T(**one["incident"])}
                for one in stood.state["tokens"].values()
                if "incident" in one
            ],
            "keeps": keeps,
            "errors": errors,
            "typed": request.POST,
            "versions": _versions(case.type_id, stood.version_id) if keeps else [],
            "move": _move(request, stood, to) if keeps and to else None,
        },
        status=status,
    )


def _versions(type_id: str, now_on: int) -> list[tuple[int, int]]:
    """Return the other versions that a case of this type can be moved to, with their numbers, newest first."""
    return [
        (id, n)
        for id, n in sql.rows(
            "SELECT id, n FROM cases_drawing_version WHERE key = %s AND id <> %s ORDER BY n DESC LIMIT 50",
            (type_id.removeprefix(living.PREFIX), now_on),
        )
    ]


def _move(request: HttpRequest, stood: stepping.Stood, to: str) -> dict[str, Any] | None:
    """Return, for each element at which the case stands, where it could go in another version."""
    if not (to.isascii() and to.isdecimal() and len(to) < 19):
        return None
    old = living.definition(stood.version_id)
    try:
        new = living.definition(int(to))
    except Missing:
        return None
    used, _ = waking.placed(stood.state, old, new, {})
    rows = []
    for at in used:
        if at not in old.places:
            continue
        here = old.places[at]
        choices = [
            (one.id, one.name or one.id)
            for one in new.places.values()
            if one.kind == here.kind and bool(one.many) == bool(here.many)
        ]
        chosen = request.POST.get(f"{AT}{at}", at)
        rows.append({"name": f"{AT}{at}", "title": here.name or at, "choices": choices, "value": chosen})
    return {"to": int(to), "rows": rows}


@require_POST
def retry(request: HttpRequest, number: str) -> HttpResponse:
    """Let what has stopped try again, with one variable put right if one is named."""
    sheet = _sheet(request, number)
    name, typed = (request.POST.get(key, "").strip()[:400].replace("\0", "") for key in ("variable", "value"))
    data: dict[str, Any] = {}
    if name:
        try:
            data[name] = orjson.loads(typed)
        except orjson.JSONDecodeError:
            data[name] = typed
    try:
        api.retry(sheet.case.id, actor=_actor(request), data=data)
    except (Conflict, Invalid) as fault:
        return _shown(request, _sheet(request, number), {"variable": fault.words}, status=fault.status)
    return HttpResponseRedirect(reverse("cases:way", args=[number]), status=303)


@require_POST
def migrate(request: HttpRequest, number: str) -> HttpResponse:
    """Move a case to another version of its process, element by element."""
    sheet = _sheet(request, number)
    to = request.POST.get("to", "")
    if not (to.isascii() and to.isdecimal() and len(to) < 19):
        raise Missing(T("没有这个版本", "There is no such version"))
    mapping = {
        key.removeprefix(AT): str(value)[:200] for key, value in request.POST.items() if key.startswith(AT)
    }
    try:
        api.migrate_case(sheet.case.id, int(to), actor=_actor(request), mapping=mapping)
    except (Conflict, Invalid) as fault:
        slips = {f"{AT}{name}": words for name, words in fault.fields.items()} or {"to": fault.words}
        return _shown(request, _sheet(request, number), slips, to=to, status=fault.status)
    return HttpResponseRedirect(reverse("cases:way", args=[number]), status=303)


def _actor(request: HttpRequest) -> identity.Actor:
    actor: identity.Actor = request.actor  # type: ignore[attr-defined]
    return actor
