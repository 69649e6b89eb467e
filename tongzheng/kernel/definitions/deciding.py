"""Publication by a second person: approved with a date of effect, returned with a reason, or rolled back."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import flow, offers, reading
from .drafting import held_at, newest_of, record, rivals
from .kinds import Definable, Outcome, Publication
from .rows import findings_json, one_definition, one_version, outcomes_json, rows
from .views import VersionView

MOST_REASON = 1000


def decide(
    version_id: int,
    *,
    actor: identity.Actor,
    lock: int,
    approve: bool,
    effective: date | None = None,
    reason: str = "",
) -> VersionView:
    """Publish a proposed version, or return it with a reason; never by whoever made, changed or proposed it.

    Args: lock, the version's as it was read; effective, the day from which it is in force (None: at once); reason,
    needed to return it. Check and test rows run once more before it is published.
    Raises Missing, SignInNeeded, Refused (action `Definable.publishes`, or the same person), Invalid, and Conflict:
    it changed meanwhile, or another version was published since its base; the words name who did.
    """
    seen = one_version(version_id)
    offered = offers.definable(seen.definition.kind)
    _may_publish(actor, offered, seen)
    flow.step("approve" if approve else "return", seen.state)
    flow.second_person(actor.id, seen.touched)
    reason = _reason(reason, needed=not approve)
    if not approve:
        with transaction.atomic():
            held = held_at(version_id, lock)
            rows(
                "UPDATE definitions_version SET state = %s, decided_by = %s, decided_label = %s, decided_at = %s,"
                " reason = %s, lock = lock + 1 WHERE id = %s",
                (flow.step("return", held.state), actor.id, actor.label, clock.now(), reason, held.id),
            )
            made = one_version(held.id)
            record("return", made, actor)
        return made
    now = clock.now()
    start = flow.effective(effective, now=now)
    flow.up_to_date(rivals(seen))
    found = offers.findings(offered, seen.content)
    flow.sound(found)
    trials = offers.outcomes(offered, seen.content, _content_in_force(seen))
    flow.sound((), trials)
    with transaction.atomic():
        # Whoever comes second waits here, and then finds that the base is no longer the newest.
        one_definition(seen.definition.kind, seen.definition.key, lock=True)
        held = held_at(version_id, lock)
        rival = rivals(held)
        flow.up_to_date(rival)
        rows(
            "UPDATE definitions_version SET state = %s, number = %s, effective_from = %s, decided_by = %s,"
            " decided_label = %s, decided_at = %s, reason = %s, findings = %s::jsonb, outcomes = %s::jsonb,"
            " lock = lock + 1 WHERE id = %s",
            (
                *(flow.step("approve", held.state), (rival.newest_number or 0) + 1, start, actor.id),
                *(actor.label, now, reason, findings_json(found), outcomes_json(trials), held.id),
            ),
        )
        made = one_version(held.id)
        _told(offered, made)
        record(
            "publish",
            made,
            actor,
            effective=start.isoformat(),
            tests=sum(one.kind == "test" for one in trials),
            differing=sum(one.kind == "case" and not one.passed for one in trials),
        )
    return made


def roll_back(version_id: int, *, actor: identity.Actor, instead_of: int, reason: str) -> VersionView:
    """Bring an earlier version back at once: its content becomes a new version, published by one person with a reason.

    Args: version_id, a version that was published before; instead_of, the id of the version published last, as it
    was read; reason, needed. It was approved once, so no second person is asked; it must still pass its check.
    Raises Missing, SignInNeeded, Refused (action `Definable.publishes`), Invalid, Conflict.
    """
    former = one_version(version_id)
    offered = offers.definable(former.definition.kind)
    _may_publish(actor, offered, former)
    if former.number is None:
        raise Conflict(T("这一版从未发布过", "This version was never published"))
    reason = _reason(reason, needed=True)
    found = offers.findings(offered, former.content)
    flow.sound(found)
    with transaction.atomic():
        of = one_definition(former.definition.kind, former.definition.key, lock=True)
        newest = newest_of(of.id)
        flow.up_to_date(flow.Rivals(instead_of, *(newest or (None, None, ""))))
        if newest is None or newest[0] == former.id:
            raise Conflict(T("它就是最后发布的一版", "It is the version published last already"))
        now = clock.now()
        id = rows(
            "INSERT INTO definitions_version (definition_id, number, state, content, sha256, based_on_id, note,"
            " made_by, made_label, made_at, changed_by, changed_label, changed_at, touched, decided_by,"
            " decided_label, decided_at, reason, effective_from, findings) VALUES (%s, %s, 'published', %s, %s, %s,"
            " %s, %s, %s, %s, %s, %s, %s, %s::bigint[], %s, %s, %s, %s, %s, %s::jsonb) RETURNING id",
            (
                *(of.id, newest[1] + 1, former.content, former.sha256, newest[0]),
                f"↩ {former.number}",
                *(actor.id, actor.label, now) * 2,
                *([actor.id or 0], actor.id, actor.label, now, reason, now, findings_json(found)),
            ),
        )[0][0]
        made = one_version(id)
        _told(offered, made)
        record("roll_back", made, actor, of=former.id)
    return made


def rehearse(version_id: int, *, actor: identity.Actor) -> tuple[Outcome, ...]:
    """Run a version's own test rows and past cases, as publishing it would. Raises Missing, SignInNeeded, Refused."""
    seen = reading.look(version_id, actor=actor)
    offered = offers.definable(seen.definition.kind)
    return offers.outcomes(offered, seen.content, _content_in_force(seen))


def _content_in_force(seen: VersionView) -> str | None:
    standing = reading.in_force(seen.definition.kind, seen.definition.key)
    return standing.content if standing and standing.id != seen.id else None


def _told(offered: Definable, made: VersionView) -> None:
    """Tell the kind's engine of a publication, in its transaction."""
    if offered.published is not None:
        of = made.definition
        offered.published(
            Publication(
                id=made.id,
                key=of.key,
                title=of.title,
                number=made.number or 0,
                content=made.content,
                organisation_id=of.organisation_id,
                region=of.region,
                effective_from=made.effective_from or clock.now(),
            )
        )


def _may_publish(actor: identity.Actor, offered: Definable, seen: VersionView) -> None:
    of = seen.definition
    identity.require(actor, offered.publishes, organisation=of.organisation_id, region=of.region)


def _reason(reason: str, *, needed: bool) -> str:
    text = reason.strip()
    if needed and not text:
        raise Invalid(fields={"reason": T("请写明理由", "Say why")})
    if len(text) > MOST_REASON or "\0" in text:
        raise Invalid(fields={"reason": T("不超过 {n} 字", "At most {n} characters").fill(n=MOST_REASON)})
    return text
