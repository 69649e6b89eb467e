"""How clocks are kept: one JSON array a clock on the way in and out, all clocks of a case in one part of a statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from tongzheng.kernel.core.text import T

from . import clocks

ONE = (
    "jsonb_build_array(k.name, k.unit, k.amount, k.started_at, k.due_at, k.soon_at, k.calendar,"
    " k.extended, k.pauses, k.paused_at, k.paused_why, k.stopped_at, k.began, k.run, k.stage, k.next_at,"
    " k.paused_until, k.paused_ground, k.paused_told, k.asked, k.basis, k.ran_out_at)"
)
CLOCKS = f"(SELECT jsonb_agg({ONE} ORDER BY k.started_at, k.name) FROM cases_clock k WHERE k.case_id = c.id)"  # noqa: S608
_COLUMNS = (
    *(("name", "text"), ("unit", "text"), ("amount", "int"), ("extended", "int"), ("calendar", "int")),
    *(("started_at", "timestamptz"), ("due_at", "timestamptz"), ("soon_at", "timestamptz")),
    *(
        ("paused_at", "timestamptz"),
        ("paused_why", "jsonb"),
        ("stopped_at", "timestamptz"),
        ("pauses", "jsonb"),
    ),
    *(("began", "text"), ("run", "smallint"), ("stage", "smallint"), ("next_at", "timestamptz")),
    *(("paused_until", "timestamptz"), ("paused_ground", "text"), ("paused_told", "smallint")),
    *(("asked", "jsonb"), ("basis", "jsonb"), ("ran_out_at", "timestamptz")),
)
_NAMES = ", ".join(name for name, _ in _COLUMNS)
_TYPED = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS)
_ONCE = {
    # The sweep may have gone on since the clock was read; what it has told in this run stays told.
    "stage": "CASE WHEN k.run = excluded.run THEN GREATEST(k.stage, excluded.stage) ELSE excluded.stage END",
    "ran_out_at": "CASE WHEN k.run = excluded.run THEN COALESCE(k.ran_out_at, excluded.ran_out_at) END",
}
_SET = ", ".join(f"{name} = {_ONCE.get(name, f'excluded.{name}')}" for name, _ in _COLUMNS if name != "name")

# The names are our own columns; every value is a parameter.
WRITE = (
    f"INSERT INTO cases_clock AS k (case_id, {_NAMES})"  # noqa: S608
    f" SELECT c.id, {', '.join(f'x.{name}' for name, _ in _COLUMNS)}"
    f" FROM c CROSS JOIN jsonb_to_recordset(%s::jsonb) AS x({_TYPED})"
    f" ON CONFLICT (case_id, name) DO UPDATE SET {_SET}"
)
"""Writes clocks of the case that the part `c` names, all of them at once; its parameter is `written(...)`."""


def written(running: Sequence[clocks.Running]) -> str:
    """Return clocks as WRITE takes them."""
    return orjson.dumps([_row(one) for one in running]).decode()


def _row(one: clocks.Running) -> dict[str, Any]:
    return {
        "name": one.name,
        "unit": one.unit,
        "amount": one.amount,
        "extended": one.extended,
        "calendar": one.calendar,
        "started_at": one.started_at,
        "due_at": one.due_at,
        "soon_at": one.soon_at,
        "paused_at": one.paused_at,
        "paused_why": one.paused_why.to_json() if one.paused_why else None,
        "stopped_at": one.stopped_at,
        "pauses": [[p.since, p.until, p.units, p.why.zh, p.why.en, p.ground, p.told] for p in one.pauses]
        or None,
        "began": one.began,
        "run": one.run,
        "stage": one.stage,
        "next_at": one.next_at,
        "paused_until": one.until,
        "paused_ground": one.ground,
        "paused_told": one.told,
        "asked": [one.asked.amount, one.asked.by_id, one.asked.by_label, one.asked.at] if one.asked else None,
        "basis": {**(one.basis or T("", "")).to_json(), "invented": one.invented}
        if one.basis or one.invented
        else None,
        "ran_out_at": one.ran_out_at,
    }


def running_of(value: Any) -> list[clocks.Running]:
    """Return the clocks that CLOCKS gathered."""
    found = orjson.loads(value) if isinstance(value, str | bytes) else value
    return [_running(*entry) for entry in found or ()]


def _running(
    name: str,
    unit: str,
    amount: int,
    started: str,
    due: str,
    soon: str,
    calendar: int,
    extended: int,
    pauses: list[Any] | None,
    paused: str | None,
    why: dict[str, str] | None,
    stopped: str | None,
    began: str,
    run: int,
    stage: int,
    next_at: str | None,
    until: str | None,
    ground: str,
    told: int,
    asked: list[Any] | None,
    basis: dict[str, Any] | None,
    ran_out: str | None,
) -> clocks.Running:
    moment = datetime.fromisoformat
    return clocks.Running(
        name=name,
        unit=unit,
        amount=amount,
        started_at=moment(started),
        due_at=moment(due),
        soon_at=moment(soon),
        calendar=calendar,
        extended=extended,
        pauses=tuple(
            clocks.Pause(moment(since), moment(end), units, T(zh, en), *rest)
            for since, end, units, zh, en, *rest in pauses or ()
        ),
        paused_at=moment(paused) if paused else None,
        paused_why=T(why["zh"], why["en"]) if why else None,
        stopped_at=moment(stopped) if stopped else None,
        began=began,
        run=run,
        stage=stage,
        next_at=moment(next_at) if next_at else None,
        until=moment(until) if until else None,
        ground=ground,
        told=told,
        asked=clocks.Asked(asked[0], asked[1], asked[2], moment(asked[3])) if asked else None,
        basis=T(basis["zh"], basis["en"]) if basis and basis["zh"] else None,
        invented=bool(basis and basis["invented"]),
        ran_out_at=moment(ran_out) if ran_out else None,
    )
