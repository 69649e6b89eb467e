"""Drawn processes as something officials write: how one is checked, compared, tried and comes into force."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

import orjson
from django.db import IntegrityError, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.definitions import api as kept
from tongzheng.kernel.definitions import kinds as definitions
from tongzheng.kernel.identity.kinds import Action
from tongzheng.kernel.messages.kinds import Template

from .. import designed, forms, sql
from ..clocks import UNITS
from ..kinds import APPLICANT, CaseType
from ..record import json_of
from . import judging, living, places, soundness, working
from .model import Finding, Model, understand
from .program import Definition, NotRunnable, choose, compile_model
from .reading import OURS, BadDrawing, read

KIND, FORM = "cases.process", "cases.form"
DRAW, PUBLISH, READ = "cases.process_draw", "cases.process_publish", "cases.process_read"
APPLY = "cases.process_apply"
PREFIX = re.compile(r"[A-Z]{1,8}")
TAKEN = T("这个编号前缀已有人用", "This prefix is taken")


@dataclass(frozen=True, slots=True)
class Said:
    """What a drawing says about itself as a kind of case: attributes of its process."""

    element: str
    prefix: str
    opens: str
    reads: str
    basis: T


def said(model: Model) -> Said:
    """Return what a drawing says about itself. Raises NotRunnable."""
    process = choose(model)
    node = model.scopes[process].node
    return Said(
        process,
        places.own(node, "prefix"),
        places.own(node, "opens") or APPLY,
        places.own(node, "reads") or READ,
        T(places.own(node, "basis"), places.own(node, "basisEn")),
    )


def about(told: Said) -> dict[str, T]:
    """Return what is wrong with what a drawing says about itself, by attribute."""
    slips: dict[str, T] = {}
    if not PREFIX.fullmatch(told.prefix):
        slips["prefix"] = T("编号前缀是一到八个大写字母", "The prefix of numbers is one to eight capitals")
    if not (0 < len(told.basis.zh.strip()) <= 400 and 0 < len(told.basis.en.strip()) <= 400):
        slips["basis"] = T("法定依据两种文字都要填写", "The legal basis is needed in both languages")
    for name, action in (("opens", told.opens), ("reads", told.reads)):
        declared = registry.find(Action, action)
        if declared is None or (name == "reads" and declared.open_to):
            slips[name] = T(
                "没有这项权限，或不能用在这里", "There is no such action, or it cannot be used here"
            )
    return slips


def plain(content: str) -> bytes:
    """Return a text as the bytes of an XML file: in UTF-8, whatever its first line said when it was a file."""
    head = re.match(r"\ufeff?\s*<\?xml[^>]*\?>", content)
    if head is None:
        return content.encode()
    return (
        re.sub(r"encoding\s*=\s*[\"'][^\"']*[\"']", 'encoding="UTF-8"', head[0]) + content[head.end() :]
    ).encode()


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
    shown = {one.key: one for one in kept.standing(FORM)} if _names_forms(model) else {}
    for element in model.elements.values():
        form = places.own(element.node, "form")
        if form and form not in shown:
            words = T("没有已发布的表单“{x}”", "no form is published as “{x}”").fill(x=form[:80])
            found.append(model.finding("unknown-form", "error", element.id, words))
        told = places.own(element.node, "tell")
        if told and told not in templates:
            words = T("没有消息模板“{x}”", "there is no template “{x}”").fill(x=told[:80])
            found.append(model.finding("unknown-template", "error", element.id, words))
    return model, found


def _names_forms(model: Model) -> bool:
    return any(places.own(element.node, "form") for element in model.elements.values())


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
        if form := places.own(node, "form"):
            standing = kept.in_force(FORM, form)
            names |= {one.name for one in designed.compiled(standing.content).fields} if standing else set()
        names |= {name for mapping in places.mappings(node) for name, _ in mapping}
        names |= {places.own(node, "result"), element.id}
        if many is not None:
            names |= {many.item, many.result, many.results}
    return {name for name in names if name}


def check(content: str) -> tuple[definitions.Finding, ...]:
    """Return all that is wrong with a drawing, in the light of what this city has."""
    try:
        model, found = judged(plain(content), clock.now())
    except BadDrawing as bad:
        return (definitions.Finding("error", bad.element, bad.words),)
    listed = [
        definitions.Finding("error" if one.level == "error" else "warning", one.element, one.words)
        for one in found
    ]
    try:
        told = said(model)
    except NotRunnable:
        return tuple(listed)
    return (*(definitions.Finding("error", told.element, words) for words in about(told).values()), *listed)


def parts(content: str) -> Mapping[str, str]:
    """Return each element and flow with what is said about it on one line."""
    model = understand(read(plain(content)))
    found: dict[str, str] = {}
    for id, scope in model.scopes.items():
        rules = {
            name: places.own(scope.node, name)
            for name in ("prefix", "opens", "reads", "basis", "due", "unit")
        }
        found[id] = _line(scope.node.local, scope.node.get("name"), rules)
    for element in model.elements.values():
        entries = {
            f"field {entry.get('name', '')}": _line("", "", entry) for entry in places.fields(element.node)
        }
        triggers = {t.kind: " ".join(filter(None, (t.label, t.form, t.text))) for t in element.triggers}
        found[element.id] = _line(
            element.kind,
            element.name,
            {**places.rules(element.kind, element.node, model), **triggers, **entries},
        )
    for flow in model.flows.values():
        found[flow.id] = _line(f"{flow.source} → {flow.target}", flow.name, {"if": flow.condition})
    return found


def _line(kind: str, name: str, more: Mapping[str, str]) -> str:
    said = ", ".join(f"{key}={value}" for key, value in more.items() if value)
    return " ".join(" · ".join(filter(None, (kind, name, said))).split())


BLANK = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:tongzheng="{ours}" id="drawing" targetNamespace="urn:tongzheng:drawing">
  <bpmn:process id="process" name="{zh}" isExecutable="true" tongzheng:en="{en}">
    <bpmn:startEvent id="start" name="提交" tongzheng:en="Submitted"><bpmn:outgoing>start_handle</bpmn:outgoing></bpmn:startEvent>
    <bpmn:userTask id="handle" name="办理" tongzheng:en="Handle"><bpmn:incoming>start_handle</bpmn:incoming><bpmn:outgoing>handle_end</bpmn:outgoing></bpmn:userTask>
    <bpmn:endEvent id="end" name="办结" tongzheng:en="Closed"><bpmn:incoming>handle_end</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="start_handle" sourceRef="start" targetRef="handle" />
    <bpmn:sequenceFlow id="handle_end" sourceRef="handle" targetRef="end" />
  </bpmn:process>
  <bpmndi:BPMNDiagram id="diagram"><bpmndi:BPMNPlane id="plane" bpmnElement="process">
    <bpmndi:BPMNShape id="start_di" bpmnElement="start"><dc:Bounds x="160" y="142" width="36" height="36" /></bpmndi:BPMNShape>
    <bpmndi:BPMNShape id="handle_di" bpmnElement="handle"><dc:Bounds x="260" y="120" width="100" height="80" /></bpmndi:BPMNShape>
    <bpmndi:BPMNShape id="end_di" bpmnElement="end"><dc:Bounds x="430" y="142" width="36" height="36" /></bpmndi:BPMNShape>
    <bpmndi:BPMNEdge id="start_handle_di" bpmnElement="start_handle"><di:waypoint x="196" y="160" /><di:waypoint x="260" y="160" /></bpmndi:BPMNEdge>
    <bpmndi:BPMNEdge id="handle_end_di" bpmnElement="handle_end"><di:waypoint x="360" y="160" /><di:waypoint x="430" y="160" /></bpmndi:BPMNEdge>
  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>
"""


def blank(title: T) -> str:
    """Return a process of one step."""
    return BLANK.format(ours=OURS, zh=escape(title.zh), en=escape(title.en))


def published(what: definitions.Publication) -> None:
    """Make a version known to cases, in the transaction that publishes it. Raises Invalid for a prefix that is taken."""
    model = understand(read(what.content.encode()))
    definition = compile_model(model)
    pinned = forms_named(definition)
    living.with_forms(definition, pinned)
    told = said(model)
    type_id = f"{living.PREFIX}{what.key}"
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", what.key):
        raise Invalid(
            fields={
                "key": T(
                    "流程的代码只能含小写字母、数字、下划线",
                    "The key of a process is small letters, digits, underscores",
                )
            }
        )
    if any(one.prefix == told.prefix and id != type_id for id, one in registry.of(CaseType).items()):
        raise Invalid(fields={told.element: TAKEN})
    keep_named(what.key, what.title, told.prefix, told.basis, told.opens, told.reads)
    ((work,),) = sql.rows("SELECT work FROM cases_drawing WHERE key = %s FOR UPDATE", (what.key,))
    sql.rows(
        "UPDATE cases_drawing SET opens = %s, reads = %s, prefix = %s, work = %s::jsonb, retired = FALSE,"
        " changed = changed + 1 WHERE key = %s",
        (
            told.opens,
            told.reads,
            told.prefix,
            orjson.dumps(_work(definition, json_of(work))).decode(),
            what.key,
        ),
    )
    sql.rows(
        "INSERT INTO cases_drawing_version (id, key, n, fields, clock, forms, effective_from)"
        " VALUES (%s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb, %s)",
        (
            *(what.id, what.key, what.number, orjson.dumps(_fields(definition)).decode()),
            *(_clock(model, definition), orjson.dumps(pinned).decode(), what.effective_from),
        ),
    )
    living.look_again()


def forms_named(definition: Definition) -> dict[str, int]:
    """Return the version in force of every form that a drawing names and that is published."""
    wanted = {place.rules["form"] for place in definition.places.values() if place.rules.get("form")}
    if not wanted:
        return {}
    return {one.key: one.version_id for one in kept.standing(FORM) if one.key in wanted}


def keep_named(key: str, title: T, prefix: str, basis: T, opens: str, reads: str) -> None:
    """Keep what a drawing is called. Raises Invalid for a prefix that is taken."""
    try:
        with transaction.atomic():
            sql.rows(
                "INSERT INTO cases_drawing (key, title, prefix, opens, reads, basis, work, changed, retired)"
                " VALUES (%s, %s::jsonb, %s, %s, %s, %s::jsonb, '{}', 1, FALSE)"
                " ON CONFLICT (key) DO UPDATE SET title = excluded.title, basis = excluded.basis",
                (key, _text(title), prefix, opens, reads, _text(basis)),
            )
    except IntegrityError as error:
        if "cases_drawing_prefix" not in str(error):
            raise
        raise Invalid(fields={"prefix": TAKEN}) from None


def _text(text: T) -> str:
    return orjson.dumps(text.to_json()).decode()


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
