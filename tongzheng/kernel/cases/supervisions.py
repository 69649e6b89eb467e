"""Supervisions as they are kept and as a case sheet shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from tongzheng.kernel.identity import api as identity

from . import acts, clocks, faced
from .declarations import case_type
from .record import Record, json_of
from .supervision_rules import CONFIRM, HANDED, LEVELS, LIMITS, STAGES
from .views import SupervisionView

SUPERVISE = "cases.supervise"
COLUMNS = (
    "s.id, s.level, s.reason, s.at, s.by_id, s.by_label, s.organisation_id, s.organisation_label, s.stage, s.steps,"
    " s.ended_at"
)


class Kept:
    """A supervision as it is kept."""

    __slots__ = (
        *(
            "id",
            "level",
            "reason",
            "at",
            "by_id",
            "by_label",
            "organisation_id",
            "organisation_label",
            "stage",
        ),
        *("steps", "ended_at"),
    )
    id: int
    level: str
    reason: str
    at: datetime
    by_id: int | None
    by_label: str
    organisation_id: int
    organisation_label: str
    stage: str
    steps: list[list[Any]]
    ended_at: datetime | None

    def __init__(self, row: Sequence[Any]) -> None:
        for name, value in zip(self.__slots__, row, strict=True):
            setattr(self, name, value)
        self.steps = json_of(self.steps) or []
        for name in ("at", "ended_at"):
            if isinstance(value := getattr(self, name), str):
                setattr(self, name, datetime.fromisoformat(value))


def held(record: Record) -> Record:
    """Return the record as a supervision sees it: a closed case is still that of the office that held it last."""
    return replace(record, organisation_id=record.organisation_id or record.previous_id or record.opener_id)


def same_office(found: Kept, actor: identity.Actor) -> bool:
    """Tell whether the actor is of the office that ordered a supervision."""
    return actor.id == found.by_id or any(
        post.organisation_id == found.organisation_id for post in actor.posts
    )


def supervision_views(
    rows: Sequence[Any],
    record: Record,
    running: Sequence[clocks.Running],
    actor: identity.Actor,
    now: datetime,
) -> tuple[SupervisionView, ...]:
    """Return the supervisions of a case, newest first, as this reader sees them."""
    declared = case_type(record.type_id)
    record = held(record)
    works, orders = acts.works_on(record, actor), None
    found: list[SupervisionView] = []
    for row in (Kept(values) for values in rows):
        own = [one for one in running if one.name in LIMITS] if row.ended_at is None else []
        if row.ended_at is None and orders is None:
            orders = bool(
                identity.may(actor, SUPERVISE, organisation=record.organisation_id, region=record.region)
            )
        found.append(
            SupervisionView(
                id=row.id,
                level=row.level,
                level_title=LEVELS[row.level],
                reason=row.reason,
                by_label=row.by_label,
                organisation_label=row.organisation_label,
                at=row.at,
                stage=row.stage,
                stage_title=STAGES[row.stage],
                ended_at=row.ended_at,
                steps=tuple(
                    (HANDED[said], datetime.fromisoformat(at), label, words)
                    for said, at, _, label, words in row.steps
                ),
                clocks=tuple(
                    faced.clock_view(LIMITS[one.name], one, declared, record.region, now, asker=True)
                    for one in sorted(own, key=lambda one: list(LIMITS).index(one.name))
                ),
                may_answer=row.ended_at is None and row.stage != CONFIRM and bool(works),
                may_end=row.stage == CONFIRM and bool(orders) and same_office(row, actor),
            )
        )
    return tuple(found)
