"""Drawings handed in as files: the same drafts, approval and versions that the designer works on (`definitions`), seen
as cases see them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T, from_json
from tongzheng.kernel.definitions import api as definitions
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from .. import people, sql
from ..kinds import CaseType
from ..record import json_of
from . import living
from .defining import APPLY, DRAW, KIND, PUBLISH, READ, Said, about, judged, keep_named, plain
from .model import Finding, understand
from .program import NotRunnable, choose
from .reading import OURS, read

STATES = {
    "draft": T("草稿", "draft"),
    "published": T("已发布", "published"),
    "retired": T("已停用", "retired"),
}
NO_VERSION = T("没有这个版本", "There is no such version")
OWN = T("自己画的流程须由他人发布", "Who drew a process cannot publish it; somebody else must")


@dataclass(frozen=True, slots=True)
class DrawingView:
    """One version of a drawing. `n` counts them as they were begun, drafts too; what is published has
    a number of its own besides."""

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
    """Keep a new draft of a drawing, whatever is still wrong with it; a sound one awaits its publication at once.

    Args: key, its name in ids (letters, digits, underscore); content, BPMN 2.0; prefix, of its case numbers; basis, the
    legal basis; opens and reads, action ids. Raises SignInNeeded, Refused, Invalid, BadFile (with line and element).
    """
    identity.require(actor, DRAW)
    told = Said("", prefix, opens, reads, basis)
    slips = about(told)
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", key):
        slips["key"] = T(
            "小写字母开头，只含字母、数字、下划线", "Small letters, digits, underscores; a letter first"
        )
    if any(
        one.prefix == prefix and id != f"{living.PREFIX}{key}" for id, one in registry.of(CaseType).items()
    ):
        slips["prefix"] = T("这个编号前缀已有人用", "This prefix is taken")
    if not (0 < len(title.zh.strip()) <= 80 and 0 < len(title.en.strip()) <= 80):
        slips["title"] = T("两种文字都要填写", "Both languages are needed")
    if slips:
        raise Invalid(fields=slips)
    text = stamped(content, told)
    with transaction.atomic():
        keep_named(key, title, prefix, basis, opens, reads)
        if any(one.definition.key == key for one in _rows(actor, key)):
            draft = definitions.begin(KIND, key, actor=actor, content=text, note=note)
        else:
            body = _home(actor)
            draft = definitions.begin(
                KIND, key, actor=actor, title=title, organisation=body, content=text, note=note
            )
        if not draft.errors:
            draft = definitions.propose(draft.id, actor=actor, lock=draft.lock)
    return drawing_version(draft.id, actor=actor)


def _home(actor: identity.Actor) -> int:
    post = identity.may(actor, DRAW).post_id
    found = [one.organisation_id for one in actor.posts if one.id == post]
    if not found:
        raise Refused(T("您没有可以归口的单位", "You have no organisation that could own it"))
    return found[0]


_TAG = re.compile(r"""<(?:[\w.-]+:)?process(?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>""")


def stamped(content: bytes, told: Said) -> str:
    """Return a file as text, with what is said about it written at its process. Raises BadFile."""
    document = read(content)
    text = content.decode(document.encoding or "utf-8")
    try:
        process = choose(understand(document))
    except NotRunnable:
        return text
    values = {"prefix": told.prefix, "opens": told.opens, "reads": told.reads}
    values |= {"basis": told.basis.zh, "basisEn": told.basis.en}
    for tag in _TAG.finditer(text):
        if re.search(rf"""\sid\s*=\s*["']{re.escape(process)}["']""", tag[0]):
            kept = re.sub(
                r"""\stongzheng:(?:prefix|opens|reads|basis|basisEn)\s*=\s*(?:"[^"]*"|'[^']*')""", "", tag[0]
            )
            more = "".join(f' tongzheng:{name}="{_attribute(value)}"' for name, value in values.items())
            if "xmlns:tongzheng" not in text[: tag.end()]:
                more += f' xmlns:tongzheng="{OURS}"'
            end = 2 if kept.endswith("/>") else 1
            return text[: tag.start()] + kept[:-end] + more + kept[-end:] + text[tag.end() :]
    return text


def _attribute(value: str) -> str:
    for sign, name in (("&", "&amp;"), ("<", "&lt;"), ('"', "&quot;")):
        value = value.replace(sign, name)
    return " ".join(value.split())


def _rows(actor: identity.Actor, key: str) -> tuple[definitions.Row, ...]:
    found = definitions.overview(actor=actor, kind=KIND, words=key, limit=200)
    return tuple(row for row in found.rows if row.definition.key == key)


def _may_see(actor: identity.Actor) -> None:
    if not (identity.may(actor, PUBLISH) or identity.may(actor, READ)):
        identity.require(actor, DRAW)


def _history(key: str, actor: identity.Actor) -> definitions.History:
    return definitions.history(KIND, key, actor=actor)


def _views(history: definitions.History) -> tuple[DrawingView, ...]:
    key = history.definition.key
    found = sql.rows("SELECT title, prefix, retired FROM cases_drawing WHERE key = %s", (key,))
    title, prefix, retired = found[0] if found else (None, "", False)
    order = {id: n for n, id in enumerate(sorted(one.id for one in history.versions), start=1)}
    return tuple(
        DrawingView(
            id=one.id,
            key=key,
            n=order[one.id],
            state=(
                "draft"
                if one.number is None
                else "published"
                if one.id == history.in_force and not retired
                else "retired"
            ),
            digest=one.sha256,
            note=one.note,
            made_at=one.made_at,
            made_by=one.touched[0] if one.touched and one.touched[0] else None,
            made_label=one.made_label,
            published_at=one.decided_at if one.number else None,
            published_label=one.decided_label if one.number else "",
            retired_at=None,
            title=from_json(json_of(title)) if title is not None else history.definition.title,
            prefix=prefix,
        )
        for one in history.versions
        if one.state != "dropped"
    )


def drawing_version(version_id: int, *, actor: identity.Actor) -> DrawingView:
    """Return one version. Raises Refused, Missing."""
    _may_see(actor)
    found = definitions.look(version_id, actor=actor)
    if found.definition.kind != KIND:
        raise Missing(NO_VERSION)
    for one in _views(_history(found.definition.key, actor)):
        if one.id == version_id:
            return one
    raise Missing(NO_VERSION)


def drawings(*, actor: identity.Actor, key: str = "", limit: int = 100) -> tuple[DrawingView, ...]:
    """Return the versions of a drawing, newest first, or the newest version of each. Raises SignInNeeded, Refused."""
    _may_see(actor)
    if key:
        try:
            return _views(_history(key, actor))[:limit]
        except Missing:
            return ()
    found = definitions.overview(actor=actor, kind=KIND, limit=limit)
    views = (_views(_history(row.definition.key, actor)) for row in found.rows)
    return tuple(one[0] for one in views if one)


def drawing_content(version_id: int, *, actor: identity.Actor) -> bytes:
    """Return a version's BPMN. Raises Refused, Missing."""
    _may_see(actor)
    return plain(definitions.look(version_id, actor=actor).content)


def findings(version_id: int, *, actor: identity.Actor) -> tuple[Finding, ...]:
    """Return all that is wrong with a version, in the light of what this city has. Raises Refused, Missing."""
    return tuple(judged(drawing_content(version_id, actor=actor), clock.now())[1])


def publish_drawing(version_id: int, *, actor: identity.Actor) -> DrawingView:
    """Put a draft in force, by somebody else than who made it; the version before it is retired, its cases stay on it.

    Raises Refused (also for who made it), Invalid (with what is wrong, by element), Conflict (no draft any more; two
    people publishing at once), Missing.
    """
    identity.require(actor, PUBLISH)
    seen = definitions.look(version_id, actor=actor)
    if actor.id is not None and actor.id in seen.touched:
        raise Refused(OWN)
    if seen.number is not None:
        raise Conflict(
            T("这个版本已经不是那时的状态，请看最新情况", "This version has changed meanwhile; look again")
        )
    errors = {one.place or "drawing": one.words for one in seen.findings if one.level == "error"}
    if errors:
        words = T("流程图有 {n} 处错误，不能发布", "The drawing has {n} errors and cannot be published")
        raise Invalid(words.fill(n=len(errors)), fields=errors)
    definitions.decide(version_id, actor=actor, lock=seen.lock, approve=True)
    return drawing_version(version_id, actor=actor)


def roll_back(version_id: int, *, actor: identity.Actor, reason: str = "") -> DrawingView:
    """Put an earlier version in force again, as a new one. Raises as `publish_drawing`."""
    identity.require(actor, PUBLISH)
    former = definitions.look(version_id, actor=actor)
    newest = _history(former.definition.key, actor).newest
    made = definitions.roll_back(
        version_id,
        actor=actor,
        instead_of=newest.id if newest else 0,
        reason=reason or f"恢复第 {former.number} 版 · version {former.number} again",
    )
    return drawing_version(made.id, actor=actor)


def retire_drawing(key: str, *, actor: identity.Actor) -> None:
    """Let no more cases be opened by a drawing; those that run go on. Raises Refused, Conflict (none in force)."""
    identity.require(actor, PUBLISH)
    now = clock.now()
    with transaction.atomic():
        found = sql.rows(
            "UPDATE cases_drawing d SET retired = TRUE, changed = changed + 1 WHERE key = %s AND NOT retired"
            " AND EXISTS (SELECT 1 FROM cases_drawing_version v WHERE v.key = d.key AND v.effective_from <= %s)"
            " RETURNING key",
            (key, now),
        )
        if not found:
            raise Conflict(T("这个流程没有发布", "This process is not published"))
        label = people.actor_label(actor, identity.may(actor, PUBLISH).post_id)
        ledger.append(
            act="cases.drawing.retire", subject=f"drawing:{key}", actor=actor.id, label=label, body={}, at=now
        )
    living.look_again()
