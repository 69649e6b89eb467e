"""Drawings from draft to publication by a second person, retirement and the way back; every change is on the ledger."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from django.db import IntegrityError, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T, from_json
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.kinds import Action
from tongzheng.kernel.ledger import api as ledger
from tongzheng.kernel.messages.kinds import Template

from .. import forms, people, sql
from ..clocks import UNITS
from ..kinds import APPLICANT, CaseType
from ..record import json_of
from . import judging, living, places, soundness, working
from .model import Finding, Model, understand
from .program import Definition, compile_model
from .reading import read

DRAW, PUBLISH, READ = "cases.process_draw", "cases.process_publish", "cases.process_read"
APPLY = "cases.process_apply"
STATES = {
    "draft": T("草稿", "draft"),
    "published": T("已发布", "published"),
    "retired": T("已停用", "retired"),
}
_COLUMNS = (
    "v.id, v.key, v.n, v.state, v.digest, v.note, v.made_at, v.made_by, v.made_label, v.published_at, v.published_label,"
    " v.retired_at, d.title, d.prefix"
)
_FROM = "FROM cases_drawing_version v JOIN cases_drawing d ON d.key = v.key"


@dataclass(frozen=True, slots=True)
class DrawingView:
    """One version of a drawing."""

    id: int
    key: str
    n: int
    state: str
    digest: str
    note: str
    made_at: datetime
    made_by: int | None
    made_label: str
    published_at: datetime | None
    published_label: str
    retired_at: datetime | None
    title: T
    prefix: str

    @property
    def type_id(self) -> str:
        """The case type that it is when it is published."""
        return f"{living.PREFIX}{self.key}"


def _view(row: tuple[Any, ...]) -> DrawingView:
    return DrawingView(*(*row[:12], from_json(json_of(row[12])), row[13]))


def save_drawing(
    *,
    actor: identity.Actor,
    key: str,
    content: bytes,
    title: T,
    prefix: str,
    basis: T,
    opens: str = APPLY,
    reads: str = READ,
    note: str = "",
) -> DrawingView:
    """Keep a new draft of a drawing, whatever is still wrong with it; the first one makes the drawing.

    Args: key, its name in ids (letters, digits, underscore); content, BPMN 2.0; prefix, of its case numbers; basis, the
    legal basis; opens and reads, action ids. Raises SignInNeeded, Refused, Invalid, BadFile (with line and element).
    """
    identity.require(actor, DRAW)
    slips: dict[str, T] = {}
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", key):
        slips["key"] = T(
            "小写字母开头，只含字母、数字、下划线", "Small letters, digits, underscores; a letter first"
        )
    if not re.fullmatch(r"[A-Z]{1,8}", prefix):
        slips["prefix"] = T("一到八个大写字母", "One to eight capitals")
    if any(
        one.prefix == prefix and id != f"{living.PREFIX}{key}" for id, one in registry.of(CaseType).items()
    ):
        slips["prefix"] = T("这个编号前缀已有人用", "This prefix is taken")
    for name, text, most in (("title", title, 80), ("basis", basis, 400)):
        if not (0 < len(text.zh.strip()) <= most and 0 < len(text.en.strip()) <= most):
            slips[name] = T("两种文字都要填写", "Both languages are needed")
    for name, action in (("opens", opens), ("reads", reads)):
        declared = registry.find(Action, action)
        if declared is None or (name == "reads" and declared.open_to):
            slips[name] = T(
                "没有这项权限，或不能用在这里", "There is no such action, or it cannot be used here"
            )
    if len(note) > 400 or "\0" in note:
        slips["note"] = T("最多 400 个字", "At most 400 characters")
    if slips:
        raise Invalid(fields=slips)
    read(content)
    now = clock.now()
    digest = sha256(content).hexdigest()
    by = (actor.id, people.actor_label(actor, identity.may(actor, DRAW).post_id))
    try:
        with transaction.atomic():
            # The row of the drawing is the lock: versions are numbered one after another.
            sql.rows(
                "INSERT INTO cases_drawing (key, title, prefix, opens, reads, basis, work, fields, changed)"
                " VALUES (%s, %s::jsonb, %s, %s, %s, %s::jsonb, '{}', '[]', 1)"
                " ON CONFLICT (key) DO UPDATE SET title = excluded.title, basis = excluded.basis",
                (key, _text(title), prefix, opens, reads, _text(basis)),
            )
            found = sql.rows(
                "INSERT INTO cases_drawing_version (key, n, state, content, digest, note, made_at, made_by, made_label,"
                " published_label) SELECT %s::text, COALESCE(max(n), 0) + 1, 'draft', %s::bytea, %s::text, %s::text,"
                " %s::timestamptz, %s::bigint, %s::text, '' FROM cases_drawing_version WHERE key = %s RETURNING id, n",
                (key, content, digest, note.strip(), now, *by, key),
            )
            _ledger("cases.drawing.save", key, found[0][1], by, {"digest": digest}, now)
    except IntegrityError as error:
        if "cases_drawing_prefix" not in str(error):
            raise
        raise Invalid(fields={"prefix": T("这个编号前缀已有人用", "This prefix is taken")}) from None
    return drawing_version(int(found[0][0]), actor=actor)


def _text(text: T) -> str:
    return orjson.dumps(text.to_json()).decode()


def _ledger(
    act: str, key: str, n: int, by: tuple[int | None, str], body: dict[str, Any], now: datetime
) -> None:
    ledger.append(
        act=act, subject=f"drawing:{key}", actor=by[0], label=by[1], body={"version": n, **body}, at=now
    )


def drawing_version(version_id: int, *, actor: identity.Actor) -> DrawingView:
    """Return one version. Raises Refused, Missing."""
    _may_see(actor)
    found = sql.rows(f"SELECT {_COLUMNS} {_FROM} WHERE v.id = %s", (version_id,))
    if not found:
        raise Missing(NO_VERSION)
    return _view(found[0])


NO_VERSION = T("没有这个版本", "There is no such version")


def _may_see(actor: identity.Actor) -> None:
    if not (identity.may(actor, PUBLISH) or identity.may(actor, READ)):
        identity.require(actor, DRAW)


def drawings(*, actor: identity.Actor, key: str = "", limit: int = 100) -> tuple[DrawingView, ...]:
    """Return the versions of a drawing, newest first, or the newest version of each. Raises SignInNeeded, Refused."""
    _may_see(actor)
    if key:
        text = f"SELECT {_COLUMNS} {_FROM} WHERE v.key = %s ORDER BY v.n DESC LIMIT {min(limit, 500)}"
        return tuple(_view(row) for row in sql.rows(text, (key,)))
    text = f"SELECT DISTINCT ON (v.key) {_COLUMNS} {_FROM} ORDER BY v.key, v.n DESC LIMIT {min(limit, 500)}"
    return tuple(_view(row) for row in sql.rows(text, ()))


def drawing_content(version_id: int, *, actor: identity.Actor) -> bytes:
    """Return a version's BPMN, as it was handed in. Raises Refused, Missing."""
    _may_see(actor)
    found = sql.rows("SELECT content FROM cases_drawing_version WHERE id = %s", (version_id,))
    if not found:
        raise Missing(NO_VERSION)
    return bytes(found[0][0])


def judged(content: bytes, now: datetime) -> tuple[Model, list[Finding]]:
    """Return what a drawing means and all that is wrong with it, in the light of what this city has."""
    model = understand(read(content))
    names = _names(model)
    known = soundness.Known(
        services=judging.services(),
        decisions=judging.decisions(),
        actions={*registry.of(Action), APPLICANT},
        faulty=lambda text: judging.faulty(text, names),
    )
    found = soundness.examine(model, now=now, known=known)
    found += [
        model.finding("form", "error", element.id, T(fault, fault))
        for element in model.elements.values()
        for fault in forms.faults(living.field_of(entry) for entry in places.fields(element.node))
    ]
    templates = registry.of(Template)
    for element in model.elements.values():
        told = places.own(element.node, "tell")
        if told and told not in templates:
            words = T("没有消息模板“{x}”", "there is no template “{x}”").fill(x=told[:80])
            found.append(model.finding("unknown-template", "error", element.id, words))
    return model, found


GIVEN = (
    "region",
    "organisation",
    "case_number",
    "opener",
    "starter",
    "loopCounter",
    "activationCount",
    "result",
)
"""Variables that every process, or some place in it, has without saying so."""


def _names(model: Model) -> set[str]:
    """Return the variables that expressions of a drawing may speak of."""
    names = {*GIVEN, "numberOfInstances", "numberOfCompletedInstances", "numberOfActiveInstances"}
    for element in model.elements.values():
        node, many = element.node, element.many
        names |= {entry.get("name", "") for entry in places.fields(node)}
        names |= {name for mapping in places.mappings(node) for name, _ in mapping}
        names |= {places.own(node, "result"), element.id}
        if many is not None:
            names |= {many.item, many.result, many.results}
    return {name for name in names if name}


def findings(version_id: int, *, actor: identity.Actor) -> tuple[Finding, ...]:
    """Return all that is wrong with a version, in the light of what this city has. Raises Refused, Missing."""
    return tuple(judged(drawing_content(version_id, actor=actor), clock.now())[1])


def publish_drawing(version_id: int, *, actor: identity.Actor) -> DrawingView:
    """Put a draft in force, by somebody else than who made it; the version before it is retired, its cases stay on it.

    Raises Refused (also for who made it), Invalid (with what is wrong, by element), Conflict (no draft any more; two
    people publishing at once), Missing.
    """
    identity.require(actor, PUBLISH)
    return _in_force(version_id, actor, ("draft",), "cases.drawing.publish")


def roll_back(version_id: int, *, actor: identity.Actor) -> DrawingView:
    """Put a retired version in force again. Raises as `publish_drawing`."""
    identity.require(actor, PUBLISH)
    return _in_force(version_id, actor, ("retired",), "cases.drawing.roll_back")


def _in_force(version_id: int, actor: identity.Actor, from_: tuple[str, ...], act: str) -> DrawingView:
    before = drawing_version(version_id, actor=actor)
    if actor.id is not None and before.made_by == actor.id:
        raise Refused(
            T("自己画的流程须由他人发布", "Who drew a process cannot publish it; somebody else must")
        )
    now = clock.now()
    content = drawing_content(version_id, actor=actor)
    model, found = judged(content, now)
    errors = {one.element or "drawing": one.words for one in found if one.level == "error"}
    if errors:
        raise Invalid(
            T("流程图有 {n} 处错误，不能发布", "The drawing has {n} errors and cannot be published").fill(
                n=len(errors)
            ),
            fields=errors,
        )
    definition = compile_model(model)
    by = (actor.id, people.actor_label(actor, identity.may(actor, PUBLISH).post_id))
    with transaction.atomic():
        ((work,),) = sql.rows("SELECT work FROM cases_drawing WHERE key = %s FOR UPDATE", (before.key,))
        if (
            sql.rows("SELECT state FROM cases_drawing_version WHERE id = %s", (version_id,))[0][0]
            not in from_
        ):
            raise Conflict(
                T(
                    "这个版本已经不是那时的状态，请看最新情况",
                    "This version has changed meanwhile; look again",
                )
            )
        sql.rows(
            "UPDATE cases_drawing_version SET state = 'retired', retired_at = %s WHERE key = %s AND state = 'published'",
            (now, before.key),
        )
        sql.rows(
            "UPDATE cases_drawing_version SET state = 'published', published_at = %s, published_by = %s,"
            " published_label = %s, retired_at = NULL WHERE id = %s",
            (now, *by, version_id),
        )
        sql.rows(
            "UPDATE cases_drawing SET current_id = %s, work = %s::jsonb, fields = %s::jsonb, clock = %s::jsonb,"
            " changed = changed + 1 WHERE key = %s",
            (
                version_id,
                orjson.dumps(_work(definition, json_of(work))).decode(),
                orjson.dumps(_fields(definition)).decode(),
                _clock(model, definition),
                before.key,
            ),
        )
        _ledger(act, before.key, before.n, by, {"digest": before.digest}, now)
    living.look_again()
    return drawing_version(version_id, actor=actor)


def retire_drawing(key: str, *, actor: identity.Actor) -> None:
    """Let no more cases be opened by a drawing; those that run go on. Raises Refused, Conflict (none in force)."""
    identity.require(actor, PUBLISH)
    now = clock.now()
    by = (actor.id, people.actor_label(actor, identity.may(actor, PUBLISH).post_id))
    with transaction.atomic():
        found = sql.rows(
            "UPDATE cases_drawing_version SET state = 'retired', retired_at = %s WHERE key = %s AND state = 'published'"
            " RETURNING n",
            (now, key),
        )
        if not found:
            raise Conflict(T("这个流程没有发布", "This process is not published"))
        sql.rows("UPDATE cases_drawing SET changed = changed + 1 WHERE key = %s", (key,))
        _ledger("cases.drawing.retire", key, found[0][0], by, {}, now)
    living.look_again()


def _work(definition: Definition, old: dict[str, Any] | None) -> dict[str, Any]:
    """Return every step of this and older versions, with what it is called and the actions that do it."""
    work = dict(old or {})
    for place in definition.places.values():
        if place.kind in ("userTask", "manualTask"):
            actions = set(work.get(place.id, {}).get("actions", ())) | {working.action_of(place)}
            work[place.id] = {"title": working.title_of(place).to_json(), "actions": sorted(actions)}
    return work


def _fields(definition: Definition) -> list[dict[str, str]]:
    for name in definition.starts:
        place = definition.places[name]
        if place.kind == "startEvent" and not place.triggers:
            return list(place.fields)
    return []


def _clock(model: Model, definition: Definition) -> str | None:
    node = model.scopes[definition.process].node
    amount, unit = places.own(node, "due"), places.own(node, "unit") or "working_day"
    if not amount.isdecimal() or unit not in UNITS:
        return None
    return orjson.dumps({"amount": int(amount), "unit": unit}).decode()
