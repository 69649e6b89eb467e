"""Pages that reach over more than one case: a move made on many, links, the hand-over of a post."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.api import Actor

from . import api, faces
from .batching import MOST
from .incoming import received
from .kinds import APPLICANT, SYSTEM, CaseType, Field, Move
from .page_acts import shown
from .views import MoveView, TaskView


@require_http_methods(["GET", "HEAD", "POST"])
def batch(request: HttpRequest) -> HttpResponse:
    """Choose a type, a state and a move (GET), then make it on the cases chosen (POST) and say what became of each."""
    actor = _actor(request)
    if not actor.signed_in:
        raise SignInNeeded()
    asked = {name: _text(request, name) for name in ("type", "state", "move")}
    held = {action for post in actor.posts for action in post.actions}
    types = [pair for pair in faces.types_for(held) if _moves(pair[0], "", actor)]
    rows = _rows(actor, asked["type"]) if asked["type"] in dict(types) else []
    states = {row.state: row.state_title for row in rows}
    if asked["state"] not in states:
        asked["state"] = next(iter(states)) if len(states) == 1 else ""
    rows = [row for row in rows if row.state == asked["state"]] if asked["state"] else []
    moves = _moves(asked["type"], asked["state"], actor) if asked["state"] else []
    move = next((one for one in moves if one.name == asked["move"]), None)
    context: dict[str, Any] = {
        **asked,
        "types": types,
        "states": list(states.items()),
        "moves": [(one.name, one.title) for one in moves],
        "chosen": move,
        "fields": _asked(_view(asked["type"], move)) if move else (),
        "values": {},
        "errors": {},
        "rows": [{"row": row, "clock": faces.row_clock(row), "on": False} for row in rows],
        "most": MOST,
    }
    if request.method != "POST":
        return render(request, "cases/batch.html", context)
    if move is None:
        raise Missing(T("当前环节没有这个动作", "This state has no such move"))
    return _made(request, actor, move, context)


def _made(request: HttpRequest, actor: Actor, move: Move, context: dict[str, Any]) -> HttpResponse:
    view = _view(context["type"], move)
    incoming = received(request, _asked(view), own=("type", "state", "move", "case", "move_handler_words"))
    picked = [one.partition(":") for one in request.POST.getlist("case")[: MOST + 1]]
    context["values"] = incoming.values
    numbers = {number for number, _, _ in picked}
    for one in context["rows"]:
        one["on"] = one["row"].number in numbers
    if incoming.expanding:
        return render(request, "cases/batch.html", context)
    clean, errors = api.validate(_asked(view), incoming.data, incoming.files)
    errors = {**errors, **incoming.errors}
    done: tuple[Any, ...] = ()
    if not errors:
        try:
            done = api.move_many(
                [
                    (number, int(version) if version.isdecimal() and len(version) < 10 else None)
                    for number, _, version in picked
                ],
                move.name,
                actor=actor,
                note=clean.get("move_note", ""),
                data={k: v for k, v in incoming.data.items() if not k.startswith("move_")},
                organisation=clean.get("move_organisation"),
                days=clean.get("move_days"),
            )
        except Invalid as fault:
            errors = {"": next(iter(fault.fields.values()), fault.words)}
    if errors:
        context["errors"] = errors
        return render(request, "cases/batch.html", context, status=422)
    moved = sum(1 for one in done if one.case is not None)
    result = {"done": done, "moved": moved, "stayed": len(done) - moved, "move": move}
    return render(request, "cases/batched.html", context | result)


def _asked(view: MoveView) -> tuple[Field, ...]:
    """Return what a move asks of many at once: all but who takes each."""
    return tuple(field for field in faces.asked(view) if field.name != "move_handler")


def _rows(actor: Actor, type_id: str) -> list[TaskView]:
    page = api.inbox(actor=actor, type_id=type_id, limit=MOST)
    return [row for row in page if row.role == "lead"]


def _moves(type_id: str, state: str, actor: Actor) -> list[Move]:
    """Return the moves of a type, from a state if given, that the actor may make somewhere and many can share."""
    kind = registry.find(CaseType, type_id)
    if kind is None:
        return []
    rows = [move for move in kind.moves if move.by not in (APPLICANT, SYSTEM)]
    apart = {kind.objection.move, kind.objection.ruling} if kind.objection else set()
    return [
        move
        for move in rows
        if (not state or state in move.source)
        and move.name not in apart
        and not any(field.kind in ("file", "files") and field.required for field in move.fields)
        and identity.may(actor, move.by)
    ]


def _view(type_id: str, move: Move) -> MoveView:
    kind = registry.get(CaseType, type_id)
    target = kind.state(move.target).title if move.target else T("", "")
    return MoveView(
        name=move.name,
        title=move.title,
        allowed=True,
        why=T("", ""),
        target=move.target,
        target_title=target,
        basis=move.basis,
        note=move.note,
        fields=tuple(field for field in move.fields if field.kind not in ("file", "files")),
        chooses_organisation=move.to == "chosen",
        asks_days=move.clock == "extend",
        extend_limit=move.extend_limit,
        document=move.document,
        key="",
        tone=move.tone,
        help=move.help,
    )


@require_POST
def link(request: HttpRequest, number: str) -> HttpResponse:
    """Link the case to another, or take a link away (`remove=1`)."""
    other, kind = _posted(request, "other").upper(), _posted(request, "kind")
    first, second = (number, other) if not kind.endswith("_of") else (other, number)
    try:
        api.link(
            first,
            second,
            kind.removesuffix("_of"),
            actor=_actor(request),
            remove=request.POST.get("remove") == "1",
        )
    except (Invalid, Missing, Conflict) as fault:
        fields = getattr(fault, "fields", {})
        words = next(iter(fields.values()), fault.words)
        return shown(request, number, slip={"link": words}, status=422)
    if request.headers.get("HX-Request") == "true":
        return shown(request, number)
    return HttpResponseRedirect(reverse("cases:sheet", args=[number]), status=303)


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest) -> HttpResponse:
    """Hand a post over with its open work: choose the holder's post and who takes it."""
    actor = _actor(request)
    identity.require(actor, "identity.posts")
    context: dict[str, Any] = {"typed": request.POST, "slips": {}, "trouble": None}
    words = _text(request, "giver")[:40]
    account = identity.account_named(words) if words else None
    context |= {"giver": words, "account": account}
    if account is not None:
        posts = [post for post in identity.actor_of(account.id).posts if post.stands_for is None]
        context["posts"] = posts
        bodies = identity.holders([post.organisation_id for post in posts]) if posts else {}
        takers = {one.account_id: f"{one.label} · {one.post}" for many in bodies.values() for one in many}
        takers.pop(account.id, None)
        context["takers"] = sorted(takers.items(), key=lambda pair: pair[1])
    elif words:
        context["slips"] = {"giver": T("没有这个用户名", "There is no such user name")}
    if request.method != "POST" or account is None:
        return render(request, "cases/hand_over.html", context, status=422 if context["slips"] else 200)
    try:
        context["done"] = api.hand_over(
            actor=actor,
            giver=account.id,
            taker=_whole(request, "taker"),
            post_id=_whole(request, "post"),
            note=request.POST.get("note", ""),
        )
    except (Invalid, Refused, Missing, Conflict) as fault:
        context["trouble"] = next(iter(getattr(fault, "fields", {}).values()), fault.words)
        return render(request, "cases/hand_over.html", context, status=fault.status)
    return render(request, "cases/hand_over.html", context)


def _whole(request: HttpRequest, name: str) -> int:
    given = request.POST.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else 0


def _posted(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\0", "").strip()[:64]


def _text(request: HttpRequest, name: str) -> str:
    source = request.POST if request.method == "POST" else request.GET
    return source.get(name, "").replace("\0", "").strip()[:100]


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
