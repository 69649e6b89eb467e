"""Drafts: begun, saved by whoever may draw, proposed, withdrawn, dropped. Nothing typed is ever overwritten unseen."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

from django.db import transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, TooLarge
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from . import flow, offers
from .kinds import MOST_BYTES, Definable
from .rows import DEFINITION, definition_of, findings_json, one_definition, one_version, rows
from .views import DefinitionView, VersionView

MOST_OPEN = 20
"""Drafts of one definition that may be open at once."""
MOST_NOTE = 500
KEY = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*")


def begin(
    kind: str,
    key: str,
    *,
    actor: identity.Actor,
    title: T | None = None,
    organisation: int | None = None,
    content: str | None = None,
    based_on: int | None = None,
    note: str = "",
) -> VersionView:
    """Begin a draft: of a new definition if `title` and `organisation` are given, else a further one of that key.

    Args: kind, a Definable's name; key, lower case letters and digits with . _ - between; organisation, the owner's
    id; content, else that of `based_on`, else of the version published last, else the kind's blank; based_on, the id
    of a version of it, from which the content is taken.
    Returns the draft. Raises Missing, SignInNeeded, Refused (action `Definable.draws` at the owner), Invalid,
    TooLarge, Conflict (the key is taken, or 20 drafts are open).
    """
    offered = offers.definable(kind)
    note = _note(note)
    with transaction.atomic():
        if title is not None or organisation is not None:
            owner = _created(offered, key, actor, title or T("", ""), organisation)
        else:
            owner = one_definition(kind, key, lock=True)
            may_draw(actor, offered, owner)
        newest = newest_of(owner.id)
        text = _content(offered, _first_content(offered, owner, content, based_on, newest))
        open_now = rows(
            "SELECT count(*) FROM definitions_version WHERE definition_id = %s"
            " AND state IN ('draft', 'proposed', 'returned')",
            (owner.id,),
        )[0][0]
        if open_now >= MOST_OPEN:
            raise Conflict(
                T("已有 {n} 份草稿未了结", "{n} drafts are open already; finish or drop one first").fill(
                    n=open_now
                )
            )
        now, base = clock.now(), newest[0] if newest else None
        id = rows(
            "INSERT INTO definitions_version (definition_id, state, content, sha256, based_on_id, note, made_by,"
            " made_label, made_at, changed_by, changed_label, changed_at, touched, findings)"
            " VALUES (%s, 'draft', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::bigint[], %s::jsonb) RETURNING id",
            (
                *(owner.id, text, digest(text), base, note, actor.id, actor.label, now),
                *(actor.id, actor.label, now, [actor.id or 0], findings_json(offers.findings(offered, text))),
            ),
        )[0][0]
        made = one_version(id)
        record("begin", made, actor)
    return made


def save(
    version_id: int,
    *,
    actor: identity.Actor,
    lock: int,
    content: str,
    note: str | None = None,
    based_on: int | None = None,
) -> VersionView:
    """Keep a draft's new content, with or without faults: what the check finds is kept beside it.

    Args: lock, the draft's `lock` as it was read; note, what the change is for (None leaves it); based_on, the id of
    the version published last, to say that its changes are worked in.
    Raises Missing, SignInNeeded, Refused, Invalid, TooLarge, and Conflict if it is no draft any more or somebody
    changed it since: the words name who, and nothing is overwritten.
    """
    seen = one_version(version_id)
    offered = offers.definable(seen.definition.kind)
    may_draw(actor, offered, seen.definition)
    text = _content(offered, content)
    found = findings_json(offers.findings(offered, text))
    with transaction.atomic():
        held = held_at(version_id, lock)
        state = flow.step("save", held.state)
        if based_on is not None and (newest := newest_of(held.definition.id)) and newest[0] != based_on:
            flow.up_to_date(flow.Rivals(based_on, *newest))
        rows(
            "UPDATE definitions_version SET state = %s, content = %s, sha256 = %s, note = %s, based_on_id = %s,"
            " findings = %s::jsonb, changed_by = %s, changed_label = %s, changed_at = %s, touched = %s::bigint[],"
            " lock = lock + 1 WHERE id = %s",
            (
                *(state, text, digest(text), held.note if note is None else _note(note)),
                *(held.based_on if based_on is None else based_on, found, actor.id, actor.label, clock.now()),
                *(_touched(held, actor), version_id),
            ),
        )
        kept = one_version(version_id)
        record("save", kept, actor)
    return kept


def propose(version_id: int, *, actor: identity.Actor, lock: int) -> VersionView:
    """Hand a draft to those who may publish it. Its check and its own test rows must pass.

    Raises Missing, SignInNeeded, Refused, Invalid (each error by its place), Conflict (changed meanwhile, or another
    version was published since its base).
    """
    seen = one_version(version_id)
    offered = offers.definable(seen.definition.kind)
    may_draw(actor, offered, seen.definition)
    found = offers.findings(offered, seen.content)
    flow.sound(found)
    trials = offers.outcomes(offered, seen.content, None)
    flow.sound((), trials)
    with transaction.atomic():
        held = held_at(version_id, lock)
        if held.sha256 != seen.sha256:
            raise Conflict
        flow.up_to_date(rivals(held))
        return _to("propose", held, actor, touched=_touched(held, actor))


def withdraw(version_id: int, *, actor: identity.Actor, lock: int) -> VersionView:
    """Take a proposed version back to change it. Raises Missing, SignInNeeded, Refused, Conflict."""
    with transaction.atomic():
        held = held_at(version_id, lock)
        may_draw(actor, offers.definable(held.definition.kind), held.definition)
        return _to("withdraw", held, actor, touched=_touched(held, actor))


def drop(version_id: int, *, actor: identity.Actor, lock: int) -> VersionView:
    """Give a draft up; it stays readable. Raises Missing, SignInNeeded, Refused, Conflict."""
    with transaction.atomic():
        held = held_at(version_id, lock)
        may_draw(actor, offers.definable(held.definition.kind), held.definition)
        return _to("drop", held, actor, touched=_touched(held, actor))


def _to(act: str, held: VersionView, actor: identity.Actor, *, touched: list[int]) -> VersionView:
    rows(
        "UPDATE definitions_version SET state = %s, changed_by = %s, changed_label = %s, changed_at = %s,"
        " touched = %s::bigint[], lock = lock + 1 WHERE id = %s",
        (flow.step(act, held.state), actor.id, actor.label, clock.now(), touched, held.id),
    )
    made = one_version(held.id)
    record(act, made, actor)
    return made


def _first_content(
    offered: Definable,
    owner: DefinitionView,
    content: str | None,
    based_on: int | None,
    newest: tuple[int, int, str] | None,
) -> str:
    source = based_on if based_on is not None else newest[0] if newest else None
    found = one_version(source) if source is not None else None
    if found is not None and found.definition.id != owner.id:
        raise Missing(T("没有这个版本", "There is no such version"))
    if content is not None:
        return content
    return found.content if found is not None else offered.blank(owner.title)


def _created(
    offered: Definable, key: str, actor: identity.Actor, title: T, organisation: int | None
) -> DefinitionView:
    slips: dict[str, T] = {}
    if not KEY.fullmatch(key) or len(key) > 80:
        words = T("用小写字母开头，可含数字、点、横线", "Lower case letters and digits, with . _ - between")
        slips["key"] = words
    for name, text in (("title_zh", title.zh), ("title_en", title.en)):
        if not text.strip() or len(text) > 80 or "\0" in text:
            slips[name] = T("请填写，不超过 80 字", "Needed, at most 80 characters")
    body = identity.organisation(organisation) if organisation is not None else None
    if body is None:
        slips["organisation"] = T("请选择归口单位", "Choose the body that owns it")
    if slips or body is None:
        identity.require(actor, offered.draws)
        raise Invalid(fields=slips)
    identity.require(actor, offered.draws, organisation=body.id, region=body.region)
    made = rows(
        "INSERT INTO definitions_definition AS d (kind, key, title_zh, title_en, organisation_id, region, made_by,"  # noqa: S608
        " made_label, made_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
        f" ON CONFLICT (kind, key) DO NOTHING RETURNING {DEFINITION}",
        (
            *(offered.name, key, title.zh.strip(), title.en.strip(), body.id, body.region),
            *(actor.id, actor.label, clock.now()),
        ),
    )
    if not made:
        taken = T("“{key}”已被使用，请换一个", "“{key}” is taken already; choose another").fill(key=key)
        raise Conflict(taken, fields={"key": taken})
    return definition_of(made[0])


def may_draw(actor: identity.Actor, offered: Definable, of: DefinitionView) -> None:
    """Raise SignInNeeded or Refused unless the actor may draw this definition."""
    identity.require(actor, offered.draws, organisation=of.organisation_id, region=of.region)


def held_at(version_id: int, lock: int) -> VersionView:
    """Hold a version for this transaction. Raises Conflict, naming who, if it has changed since it was read."""
    held = one_version(version_id, lock=True)
    if held.lock != lock:
        raise Conflict(
            T(
                "{who}已改过这一版（现为“{state}”），您的内容没有覆盖它",
                "{who} has changed this version meanwhile (it is “{state}” now); yours has not overwritten it",
            ).fill(who=held.decided_label or held.changed_label, state=flow.STATES[held.state])
        )
    return held


def newest_of(definition_id: int) -> tuple[int, int, str] | None:
    """Return id, number and publisher of the version published last."""
    found = rows(
        "SELECT id, number, decided_label FROM definitions_version"
        " WHERE definition_id = %s AND number IS NOT NULL ORDER BY number DESC LIMIT 1",
        (definition_id,),
    )
    return found[0] if found else None


def rivals(held: VersionView) -> flow.Rivals:
    """Return a version's base and the version published last."""
    return flow.Rivals(held.based_on, *(newest_of(held.definition.id) or (None, None, "")))


def record(act: str, made: VersionView, actor: identity.Actor, **more: Any) -> None:
    """Put an act on the ledger: ids, numbers and digests, no words that somebody typed."""
    of = made.definition
    ledger.append(
        act=f"definitions.{act}",
        subject=f"definition:{of.kind}/{of.key}",
        actor=actor.id,
        label=actor.label,
        body={
            "version": made.id,
            "number": made.number,
            "state": made.state,
            "sha256": made.sha256,
            "based_on": made.based_on,
            "errors": made.errors,
            **more,
        },
    )


def digest(content: str) -> str:
    """Return the SHA-256 of a content, in hex."""
    return sha256(content.encode()).hexdigest()


def _touched(held: VersionView, actor: identity.Actor) -> list[int]:
    return sorted({*held.touched, actor.id or 0})


def _note(note: str) -> str:
    if len(note) > MOST_NOTE or "\0" in note:
        raise Invalid(fields={"note": T("不超过 {n} 字", "At most {n} characters").fill(n=MOST_NOTE)})
    return note.strip()


def _content(offered: Definable, content: str) -> str:
    """Return a content as it is kept: Unix line ends, no NUL, no half characters, not too large."""
    if "\0" in content or any("\ud800" <= c <= "\udfff" for c in content):
        raise Invalid(
            fields={"content": T("内容里有不能保存的字符", "The content has characters that cannot be kept")}
        )
    text = content.replace("\r\n", "\n").replace("\r", "\n")
    most = min(offered.most, MOST_BYTES)
    if len(text.encode()) > most:
        raise TooLarge(
            T("内容超过 {n} KB，未保存", "The content has more than {n} KB; it was not saved").fill(
                n=most // 1024
            )
        )
    return text
