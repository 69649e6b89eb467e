"""Merging cases about one matter, undoing it, and making a leader's shared moves for all its members at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.messages import api as messages

from . import acts, flow, grouping, herding, people, sql
from .declarations import case_type, words_of
from .grouping import Change
from .kinds import CaseType, Merging, Move
from .opening import message_facts, reached
from .record import COLUMNS, NAMES, NO_CASE, Record, json_of, load, record_of, view
from .statement import Lost, Statement
from .views import CaseView

MERGED, SPLIT, LED = T("并案", "Merged"), T("拆分", "Split off"), T("并入本件", "Took in")
CHANGED = T(
    "其中有办件刚刚变了，什么也没有做，请看最新状态再试",
    "One of the cases has just changed; nothing was done. Look again and retry",
)
_LEAD = (
    "UPDATE cases_case SET members = members + %s, version = version + 1, events = events + 1"
    " WHERE id = %s AND version = %s AND leader_id IS NULL RETURNING id, events"
)
_KEEP = (
    "INSERT INTO cases_merger (leader_id, member_id, at, by_id, by_label, before)"
    " SELECT %s::bigint, x.id, %s::timestamptz, %s::bigint, %s::text, x.before"
    " FROM jsonb_to_recordset(%s::jsonb) AS x(id bigint, before jsonb) JOIN hm ON hm.id = x.id"
)
_CARRIED = (
    "UPDATE cases_merger g SET carried = %s::text FROM hm WHERE g.member_id = hm.id AND g.ended_at IS NULL"
)
_ENDED = "UPDATE cases_merger g SET ended_at = %s::timestamptz FROM hm WHERE g.member_id = hm.id AND g.ended_at IS NULL"
_OPEN = f"SELECT {COLUMNS} FROM cases_case c WHERE c.leader_id = %s AND c.phase <> 2 ORDER BY c.id"  # noqa: S608
_KEPT = (
    f"SELECT {COLUMNS}, g.before, g.carried FROM cases_merger g JOIN cases_case c ON c.id = g.member_id"  # noqa: S608
    " WHERE g.leader_id = %s AND g.ended_at IS NULL ORDER BY c.id"
)


def merge(
    leader: int | str,
    members: Sequence[int | str],
    *,
    actor: identity.Actor,
    note: str = "",
    version: int | None = None,
) -> CaseView:
    """Merge cases about one matter into a leading case; each stays a case of its own and can be split off again.

    Args: leader and members, ids or numbers of cases of one type; note, why, at most 4000 characters; version, the
    leader's one that was looked at. Returns the leader. All or nothing: raises Invalid naming the case that cannot be
    merged, Conflict, Refused, SignInNeeded, Missing.
    """
    record, declared, merging, by = _leading(leader, actor, version)
    if (why := grouping.leader_slip(merging, record)) is not None:
        raise Conflict(why)
    found = _wanted(members)
    if (why := grouping.count_slip(merging, record, len(found))) is not None:
        raise Invalid(fields={"members": why})
    slips: dict[str, T] = {}
    for one in found:
        verdict = identity.may(actor, merging.by, organisation=one.organisation_id, region=one.region)
        why = grouping.member_slip(merging, record, one)
        if why is not None or not verdict:
            slips[one.number] = why or verdict.why
    if slips:
        raise Invalid(_named(slips), fields=slips)
    note = _note(note)
    now = clock.now()
    written = _on_leader(
        declared, record, len(found), now, by, f"{herding.numbers_of(found)}\n{note}", LED, "merge"
    )
    words = words_of(declared, None, record.state, MERGED)
    changes = [grouping.joined(record, one) for one in found]
    herding.write(
        *(written, changes),
        kind="merge",
        move="",
        act="cases.merge",
        at=now,
        by=by,
        note=f"{record.number}\n{note}".strip(),
        words=words,
        body={"leader": record.number},
    )
    before = [{"id": one.id, "before": grouping.before_of(one)} for one in found]
    written.add("g", _KEEP, (record.id, now, *by, sql.json(before)))
    _tell(written, merging.tells, found, note=note, now=now)
    return _run(written, record, len(found), now)


def split(
    leader: int | str,
    members: Sequence[int | str] = (),
    *,
    actor: identity.Actor,
    note: str = "",
    version: int | None = None,
) -> CaseView:
    """Undo a merging: give members back what they were, each with its own time kept; without `members`, all of them.

    Args and errors as `merge`. A member that has gone on by itself since cannot be given back (Conflict), and in a
    dissolution stays as it is.
    """
    record, declared, _merging, by = _leading(leader, actor, version)
    note = _note(note)
    kept = sql.rows(_KEPT, (record.id,))
    wanted = {one.id for one in _wanted(members)} if members else None
    now = clock.now()
    changes: list[Change] = []
    for row in kept:
        one, before, carried = _kept(row)
        if wanted is not None and one.id not in wanted:
            continue
        if (why := grouping.split_slip(before, carried, one)) is not None:
            if wanted is not None:
                raise Conflict(T("{number}：{why}", "{number}: {why}").fill(number=one.number, why=why))
            continue
        changes.append(_labelled(grouping.released(before, carried, one)))
        if wanted is not None:
            wanted.discard(one.id)
    if wanted:
        raise Invalid(fields={"members": T("有办件没有并入这里", "One of them is not merged here")})
    if not changes:
        raise Conflict(T("没有可以拆分的办件", "There is nothing to split off"))
    numbers = herding.numbers_of([one.before for one in changes])
    written = _on_leader(declared, record, -len(changes), now, by, f"{numbers}\n{note}", SPLIT, "split")
    _release(written, declared, record, changes, by, f"{record.number}\n{note}".strip(), now)
    return _run(written, record, -len(changes), now)


def members_of(leader: Record) -> list[Record]:
    """Return the members of a case that are open."""
    return [record_of(row) for row in sql.rows(_OPEN, (leader.id,))] if leader.members else []


def carry(
    written: Statement,
    declared: CaseType,
    move: Move,
    act: flow.Effect,
    leader: Record,
    members: Sequence[Record],
    *,
    by: tuple[int | None, str],
    note: str,
    shown: Mapping[str, Any],
    document: str,
    now: datetime,
) -> None:
    """Add to a leader's move what it does to its members: the same if it is shared, else, if it closes the leader, their release."""
    merging = declared.merging
    if merging is None or not members:
        return
    if move.name in merging.shares:
        changes = [
            _labelled(grouping.carried(declared, move, act, leader, one, mover_id=by[0], now=now))
            for one in members
        ]
        if document:
            changes = [
                replace(one, after=replace(one.after, documents=[*one.after.documents, document]))
                for one in changes
            ]
        herding.write(
            *(written, changes),
            kind="move",
            move=move.name,
            act="cases.move",
            at=now,
            by=by,
            note=note.strip(),
            words=words_of(declared, move, act.state),
            body={"move": move.name, "leader": leader.number},
            data=shown,
            document=document,
        )
        written.add("g", _CARRIED, (act.state,))
        after = [one.after for one in changes]
        _tell(written, move.tells, after, note=note, now=now, document=document, data=shown)
    elif act.phase == "closed":
        changes = []
        for row in sql.rows(_KEPT, (leader.id,)):
            one, before, carried = _kept(row)
            if one.phase != 2 and grouping.let_go(declared, before, carried, one):
                changes.append(_labelled(grouping.released(before, carried, one)))
        _release(written, declared, leader, changes, by, leader.number, now)


def _release(
    written: Statement,
    declared: CaseType,
    leader: Record,
    changes: Sequence[Change],
    by: tuple[int | None, str],
    note: str,
    now: datetime,
) -> None:
    if not changes:
        return
    herding.write(
        *(written, changes),
        kind="split",
        move="",
        act="cases.split",
        at=now,
        by=by,
        note=note,
        words=words_of(declared, None, leader.state, SPLIT),
        body={"leader": leader.number},
    )
    written.add("g", _ENDED, (now,))


def _kept(row: tuple[Any, ...]) -> tuple[Record, dict[str, Any], str | None]:
    before, carried = row[len(NAMES) :]
    return record_of(row), json_of(before), carried


def _labelled(change: Change) -> Change:
    """Name the body that holds a member now, if another does."""
    if change.after.organisation_id == change.before.organisation_id:
        return change
    if change.after.organisation_id is None:
        return replace(change, after=replace(change.after, organisation_label=""))
    name = people.organisation_name(change.after.organisation_id)
    return replace(change, after=replace(change.after, organisation_label=name))


def _leading(
    leader: int | str, actor: identity.Actor, version: int | None
) -> tuple[Record, CaseType, Merging, tuple[int | None, str]]:
    if actor.kind == "nobody":
        raise SignInNeeded()
    record = load(leader)
    declared = case_type(record.type_id)
    merging = declared.merging
    if merging is None:
        raise Refused(T("这类事项不能并案", "Cases of this type are not merged"))
    verdict = identity.may(actor, merging.by, organisation=record.organisation_id, region=record.region)
    if not verdict:
        known = acts.reads(record, actor) or acts.works_on(record, actor)
        raise Refused(verdict.why) if known else Missing(NO_CASE)
    if version is not None and version != record.version:
        raise Conflict(CHANGED)
    return record, declared, merging, (actor.id, people.actor_label(actor, verdict.post_id))


def _wanted(members: Sequence[int | str]) -> list[Record]:
    """Return the cases named, each once. Raises Invalid for none or too many, Missing for one that is not there."""
    names = list(dict.fromkeys(one.strip().upper() if isinstance(one, str) else one for one in members))
    names = [name for name in names if name != ""]
    if not names or len(names) > 500:
        raise Invalid(fields={"members": T("请选择 1 到 500 件", "Choose 1 to 500 cases")})
    ids = [one for one in names if isinstance(one, int) and not isinstance(one, bool) and 0 < one < 2**63]
    numbers = [one[:64].replace("\0", "") for one in names if isinstance(one, str)]
    found = {
        record.id: record
        for record in map(
            record_of,
            sql.rows(
                f"SELECT {COLUMNS} FROM cases_case c WHERE c.id = ANY(%s) OR c.number = ANY(%s)",  # noqa: S608
                (ids, numbers),
            ),
        )
    }
    if len(found) != len(names):
        there = {one.number for one in found.values()} | {one.id for one in found.values()}
        missing = next(one for one in names if one not in there)
        raise Invalid(fields={"members": T("没有办件 {n}", "There is no case {n}").fill(n=missing)})
    return [found[id] for id in sorted(found)]


def _named(slips: Mapping[str, T]) -> T:
    (number, why), *_ = slips.items()
    return T("{number} 不能并案：{why}", "{number} cannot be merged: {why}").fill(number=number, why=why)


def _note(note: str) -> str:
    if len(note) > 4000 or "\0" in note:
        raise Invalid(fields={"note": T("最多 4000 个字", "At most 4000 characters")})
    return note.strip()


def _on_leader(
    declared: CaseType,
    record: Record,
    more: int,
    now: datetime,
    by: tuple[int | None, str],
    note: str,
    title: T,
    kind: str,
) -> Statement:
    written = Statement()
    written.add("c", _LEAD, (more, record.id, record.version))
    written.event(
        kind=kind,
        move="",
        from_state=record.state,
        to_state=record.state,
        at=now,
        actor=by,
        organisation=(record.organisation_id, record.organisation_label),
        note=note.strip(),
        data=None,
        sealed=None,
        document="",
        words=words_of(declared, None, record.state, title),
    )
    entry = acts.entry(f"cases.{kind}", record, by, {"members": record.members + more, "changed": more}, now)
    written.ledger(entry)
    return written


def _tell(
    written: Statement,
    templates: Sequence[str],
    records: Sequence[Record],
    *,
    note: str,
    now: datetime,
    document: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    """Tell the applicant of every case, as far as they can be reached; one INSERT for all."""
    made = []
    for record in records if templates else ():
        phone = (
            people.unsealed_applicant(record.applicant_sealed).get("phone", "")
            if record.applicant_sealed
            else ""
        )
        if (to := reached(record, phone)) is None:
            continue
        facts = message_facts(record, note=note, document=document, data=data or {}, now=now)
        made += [messages.writing(name, to=to, facts=facts, case=record.number, at=now) for name in templates]
    if made:
        written.message(messages.together(made))


def _run(written: Statement, record: Record, more: int, now: datetime) -> CaseView:
    try:
        written.run()
    except Lost:
        raise Conflict(CHANGED) from None
    after = replace(
        record, version=record.version + 1, events=record.events + 1, members=record.members + more
    )
    return view(after, now=now, with_code=False)
