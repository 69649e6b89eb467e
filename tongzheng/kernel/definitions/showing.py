"""What the pages show of a version: what the reader may do with it and why not, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Fault
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import drafting, flow, offers
from .kinds import Definable, Outcome
from .views import Change, DefinitionView, History, VersionView

TONES = {"draft": "plain", "proposed": "soon", "returned": "late", "published": "done", "dropped": "quiet"}
CHANGES = {
    "added": (T("新增", "added"), "done"),
    "removed": (T("删去", "removed"), "late"),
    "changed": (T("改动", "changed"), "soon"),
}


@dataclass(frozen=True, slots=True)
class Can:
    """What the reader may do with a version, and why they may not decide if that is so."""

    draw: bool
    publish: bool
    save: bool
    propose: bool
    withdraw: bool
    drop: bool
    decide: bool
    decide_why: T | None
    roll_back: bool


def can(found: VersionView, newest: tuple[int, int, str] | None, *, actor: identity.Actor) -> Can:
    """Return what the actor may do with a version now."""
    offered = offers.definable(found.definition.kind)
    draw = bool(_may(actor, offered.draws, found.definition))
    verdict = _may(actor, offered.publishes, found.definition)
    why: T | None = None if verdict else verdict.why
    if found.state == "proposed":
        try:
            if verdict:
                flow.second_person(actor.id, found.touched)
        except Fault as fault:
            why = fault.words
    return Can(
        draw=draw,
        publish=bool(verdict),
        save=draw and found.state in flow.ACTS["save"][1],
        propose=draw and found.state in flow.ACTS["propose"][1],
        withdraw=draw and found.state in flow.ACTS["withdraw"][1],
        drop=draw and found.state in flow.ACTS["drop"][1],
        decide=found.state == "proposed" and why is None,
        decide_why=why if found.state == "proposed" else None,
        roll_back=bool(verdict) and found.number is not None and newest is not None and newest[0] != found.id,
    )


def _may(actor: identity.Actor, action: str, of: DefinitionView) -> identity.Verdict:
    return identity.may(actor, action, organisation=of.organisation_id, region=of.region)


def behind(found: VersionView, newest: tuple[int, int, str] | None) -> T | None:
    """Say that another version was published since this draft's base, or None."""
    if found.number is not None or found.state == "dropped":
        return None
    try:
        flow.up_to_date(flow.Rivals(found.based_on, *(newest or (None, None, ""))))
    except Conflict as fault:
        return fault.words
    return None


def name(found: VersionView) -> T:
    """Return what a version is called: "第 3 版", or a draft with the number of its row."""
    if found.number is not None:
        return T("第 {n} 版", "Version {n}").fill(n=found.number)
    return T("草稿 {id}", "Draft {id}").fill(id=found.id)


def events(history: History) -> list[dict[str, Any]]:
    """Return a definition's versions as a timeline, newest first."""
    now = clock.now()
    found = []
    for one in history.versions:
        current = one.id == history.in_force
        words: list[T] = []
        if one.number is not None and one.effective_from is not None:
            start = one.effective_from
            overtaken = history.in_force is not None and not current
            later = max((v.number or 0 for v in history.versions), default=0) > one.number
            if current:
                words.append(T("现行", "in force"))
            elif start > now and not later:
                day = start.astimezone(clock.CHINA).date().isoformat()
                words.append(T("{day} 起生效", "in force from {day}").fill(day=day))
            elif start > now:
                words.append(T("未曾生效", "never came into force"))
            elif overtaken:
                words.append(T("已被取代", "superseded"))
        else:
            words.append(flow.STATES[one.state])
        if one.errors and one.number is None:
            words.append(T("{n} 处错误", "{n} errors").fill(n=one.errors))
        title = T(
            f"{name(one).zh} · {'，'.join(w.zh for w in words)}",
            f"{name(one).en} · {', '.join(w.en for w in words)}",
        )
        found.append(
            {
                "title": title,
                "at": one.decided_at or one.changed_at,
                "who": one.decided_label or one.changed_label,
                "note": " — ".join(filter(None, (one.note, one.reason))),
                "href": f"/definitions/versions/{one.id}/",
                "tone": "done" if current else {"proposed": "now", "returned": "late"}.get(one.state, ""),
            }
        )
    return found


def changes(found: tuple[Change, ...]) -> list[tuple[T, str, Change]]:
    """Return changes with their words and tones."""
    return [(*CHANGES[one.kind], one) for one in found]


def trials(found: tuple[Outcome, ...]) -> dict[str, Any]:
    """Return the outcomes of a trial in two groups, with how many failed."""
    tests = [one for one in found if one.kind == "test"]
    cases = [one for one in found if one.kind != "test"]
    return {
        "tests": tests,
        "failed": sum(not one.passed for one in tests),
        "cases": [one for one in cases if not one.passed],
        "unchanged": sum(one.passed for one in cases),
    }


def simulated(offered: Definable, content: str, typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what a simulation asks and, if facts were typed, what it showed; never raises for a content or a fact."""
    if offered.asks is None or offered.simulate is None:
        return {}
    try:
        asks = offered.asks(content)
    except Exception as error:
        words = (
            error.words
            if isinstance(error, Fault)
            else T("改正错误后才能试算", "Correct the errors to try it")
        )
        return {"asks": (), "trouble": words}
    facts = {one.name: typed.get(f"fact.{one.name}", "") for one in asks}
    entries = [
        {
            "name": f"fact.{one.name}",
            "ask": one,
            "kind": "choice" if one.choices else "long" if one.kind == "json" else "text",
            "value": facts[one.name] or (one.example if not typed else ""),
            "choices": [(choice, choice) for choice in one.choices],
        }
        for one in asks
    ]
    shown: dict[str, Any] = {"asks": entries, "can": True}
    if typed.get("simulate"):
        try:
            shown["result"] = offered.simulate(content, facts)
        except Fault as fault:
            shown["trouble"] = fault.words
        except Exception:
            offers.log.exception("the simulation of %s broke", offered.name)
            shown["trouble"] = T("无法试算", "It could not be tried")
    return shown


def newest(found: VersionView) -> tuple[int, int, str] | None:
    """Return id, number and publisher of the version of the same definition that was published last."""
    return drafting.newest_of(found.definition.id)
