"""How views of the engine look on a page: dictionaries for the site's pieces. No database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from tongzheng.kernel.core.faces import PaperPage
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T, same

from .drawn import living
from .forms import bytes_words
from .kinds import CaseType, Field, Move
from .shown import shown
from .views import LIGHTS, CaseRow, ClockView, EventView, FactView, FileView, MoveView, Sheet, TaskView
from .wording import units

TONES = {"green": "done", "yellow": "soon", "red": "late", "paused": "quiet", "done": "done", "late": "late"}
IN_LINE = ("image/png", "image/jpeg", "image/webp", "image/gif", "application/pdf", "text/plain")
"""Media types that a browser may show itself; all others are downloads."""

TONE_CLASSES = {"primary": "primary", "danger": "danger"}
NOTE_LIMIT = 4000
DIGITS = "123456789"


def clock_face(clock: ClockView) -> dict[str, Any]:
    """Return a clock as the `{% clock %}` piece takes it."""
    reason = T("{explain} 依据：{basis}", "{explain} Basis: {basis}").fill(
        explain=clock.explain, basis=clock.basis
    )
    if clock.invented:
        reason = T("{r}（系统默认，非法定）", "{r} (our default, no published rule)").fill(r=reason)
    return {
        "light": "red" if clock.light == "late" else clock.light,
        "words": clock.left,
        "used": clock.used,
        "detail": clock.title,
        "due": clock.due_at,
        "reason": reason,
        "warnings": clock.warnings,
        "asked": clock.asked,
        "whose": T("申请人的时间，不计入办理时限", "The applicant's time, not the office's")
        if clock.whose == "applicant"
        else None,
        "ran_out": T("已届满：{basis}", "It has run out: {basis}").fill(basis=clock.ran_out)
        if clock.ran_out
        else None,
    }


def row_clock(row: TaskView | CaseRow) -> dict[str, Any]:
    """Return the clock of a row in a list: its word, no bar."""
    words = row.left if isinstance(row, TaskView) else LIGHTS.get(row.light, same(row.light))
    return {"light": "red" if row.light == "late" else row.light, "words": words, "used": None}


def events(sheet: Sheet) -> list[dict[str, Any]]:
    """Return the timeline, newest first, as the `{% timeline %}` piece takes it and with each move's entries."""
    made: list[dict[str, Any]] = []
    holder: int | None = None
    for event in sorted(sheet.timeline, key=lambda event: event.n):
        made.insert(0, _event(event, handed=made != [] and event.organisation_id != holder))
        made[0]["paper"] = _paper(sheet, event) if event.document else ""
        holder = event.organisation_id
    if made:
        made[0]["tone"] = "pause" if sheet.case.phase == "paused" else "now"
    return made


def _event(event: EventView, *, handed: bool) -> dict[str, Any]:
    return {
        "n": event.n,
        "title": event.title,
        "at": event.at,
        "who": event.actor_label,
        "handed": event.organisation_label if handed else "",
        "note": event.note,
        "basis": event.basis if event.kind in ("move", "open") else "",
        "tone": "quiet" if event.kind in ("note", "file", "reveal") else "",
        "to": event.to_title if event.kind == "move" and event.to_state != event.from_state else None,
        "document": event.document,
        "document_title": event.document_title,
        "data": event.data,
    }


def _paper(sheet: Sheet, event: EventView) -> str:
    """Return where the document that an event issued can be had, if the case's system says so."""
    for page in registry.of(PaperPage).values():
        if page.type_id == sheet.case.type_id:
            return page.url.format(number=sheet.case.number, n=event.n)
    return ""


@dataclass(frozen=True, slots=True)
class Button:
    """A move as a button: `form` if it must first ask something, else one press does it."""

    name: str
    title: T
    url: str
    key: str
    tone: str
    form: bool
    help: T | None
    basis: T
    target: T


def buttons(sheet: Sheet) -> tuple[Button, ...]:
    """Return the moves that the reader may make, each with one key: its own, else a digit."""
    allowed = [move for move in sheet.moves if move.allowed]
    taken = {move.key.upper() for move in allowed if move.key}
    free = iter(digit for digit in DIGITS if digit not in taken)
    seen: set[str] = set()
    made: list[Button] = []
    for move in allowed:
        key = move.key.upper()
        key = key if key and key not in seen else next(free, "")
        seen.add(key)
        url = reverse("cases:move", args=[sheet.case.number, move.name])
        made.append(
            Button(
                move.name,
                move.title,
                url,
                key,
                TONE_CLASSES.get(move.tone, ""),
                bool(asked(move)),
                move.help,
                move.basis,
                move.target_title,
            )
        )
    return tuple(made)


def asked(move: MoveView, clock: ClockView | None = None) -> tuple[Field, ...]:
    """Return all that a move asks: its own form, then what every move of its kind asks, in the clock's unit."""
    page: list[Field] = []
    if move.chooses_organisation:
        title = T("交给哪个单位", "Hand it to")
        page.append(Field("move_organisation", title, "organisation"))
        alone = T("不选则由该单位认领", "Otherwise that organisation claims it")
        page.append(Field("move_handler", T("交给谁", "To whom"), required=False, help=alone))
    if move.asks_days:
        title = T("延长多少", "Extend by")
        most = units(move.extend_limit, clock.unit) if clock else same(str(move.extend_limit))
        limit = T("最多 {n}", "At most {n}").fill(n=most)
        page.append(Field("move_days", title, "integer", minimum=1, maximum=move.extend_limit, help=limit))
    if move.note != "none":
        needed = move.note == "required"
        page.append(Field("move_note", T("办理意见", "Note"), "long", required=needed, max_length=NOTE_LIMIT))
    return (*move.fields, *page)


def file_face(file: FileView, number: str, fields: Mapping[str, FactView]) -> dict[str, Any]:
    """Return a file of a case as the sheet lists it; personal ones are not shown without a purpose."""
    answers = fields.get(file.field)
    personal = bool(answers and answers.personal)
    return {
        "name": file.name,
        "size": bytes_words(file.size),
        "at": file.at,
        "by": file.by_label,
        "title": answers.title if answers else None,
        "personal": personal,
        "image": file.media_type in IN_LINE[:4] and not personal,
        "opens": file.media_type in IN_LINE,
        "href": reverse("cases:file", args=[number, file.digest]),
    }


def sheet_face(
    sheet: Sheet, *, revealed: Mapping[str, Any] | None = None, back: str = "", notice: T | None = None
) -> dict[str, Any]:
    """Return all that `cases/partials/sheet.html` needs.

    Args: revealed, personal entries in clear by name; back, the address of the list that it was opened from;
    notice, what was just done.
    """
    revealed = revealed or {}
    case = sheet.case
    facts = {fact.name: fact for fact in sheet.facts}
    hidden = [fact for fact in sheet.facts if fact.personal and fact.name not in revealed and fact.shown.zh]
    return {
        "sheet": sheet,
        "case": case,
        "clock_face": clock_face(sheet.clock) if sheet.clock else None,
        "clocks": [clock_face(one) for one in sheet.clocks if one.stopped_at is None],
        "ended_clocks": [clock_face(one) for one in sheet.clocks if one.stopped_at is not None],
        "entries": [
            {
                "title": fact.title,
                "words": _clear(case.type_id, fact, revealed[fact.name])
                if fact.name in revealed
                else fact.shown,
                "masked": fact.personal and fact.name not in revealed,
            }
            for fact in sheet.facts
            if fact.kind not in ("file", "files")
        ],
        "applicant": [
            revealed[f"applicant.{part}"]
            for part in ("name", "phone", "id_number")
            if revealed.get(f"applicant.{part}")
        ],
        "hidden": hidden,
        "may_reveal": sheet.may_reveal and (hidden or case.applicant_label),
        "files": [file_face(file, case.number, facts) for file in sheet.files],
        "events": events(sheet),
        "buttons": buttons(sheet),
        "refused_moves": [move for move in sheet.moves if not move.allowed],
        "tone": TONES.get(case.light, "quiet"),
        "light": LIGHTS.get(case.light, same(case.light)),
        "drawn": living.drawn(case.type_id),
        "seal_word": _seal(case.type_id),
        "seen": max((event.n for event in sheet.timeline), default=0),
        "links": [link for link in sheet.links if link.kind != "subject"],
        "back": back,
        "notice": notice,
    }


def _seal(type_id: str) -> T:
    title = registry.system_of(type_id).title
    han = "".join(c for c in title.zh if "\u4e00" <= c <= "\u9fff")
    return T(han[:2] or title.zh[:2], title.en.split()[0][:8])


def _clear(type_id: str, fact: FactView, value: Any) -> T:
    kind = registry.find(CaseType, type_id)
    declared = {field.name: field for field in kind.fields} if kind else {}
    field = declared.get(fact.name) or Field(fact.name, fact.title, fact.kind)
    return shown((field,), {fact.name: value})[0].text


def since(sheet: Sheet, seen: int) -> list[dict[str, Any]]:
    """Return what was done to the case after event `seen`, newest first."""
    return [event for event in events(sheet) if event["n"] > seen]


def types_for(actions: Sequence[str] | set[str]) -> list[tuple[str, T]]:
    """Return the case types that a holder of these actions may meet, for a filter."""
    held = set(actions)
    return [
        (id, kind.title)
        for id, kind in registry.of(CaseType).items()
        if held & {kind.opens, kind.reads, *(move.by for move in kind.moves)}
    ]


def query(**parts: str) -> str:
    """Return a query string of what is not empty, with its question mark."""
    kept = {name: value for name, value in parts.items() if value}
    return f"?{urlencode(kept)}" if kept else ""


def kept_words(fields: Sequence[Field], values: Mapping[str, Any]) -> list[tuple[T, str]]:
    """Return what was typed as words, to be read and copied when the form cannot be sent any more."""
    titles = {field.name: field.title for field in fields}
    return [
        (titles.get(name, same(name)), str(values.get(f"{name}_words") or value))
        for name, value in values.items()
        if isinstance(value, str) and value.strip() and not name.endswith("_words")
    ]


def declared_move(type_id: str, name: str) -> Move | None:
    """Return a move of a declared type by name, or None."""
    kind = registry.find(CaseType, type_id)
    return next((move for move in kind.moves if move.name == name), None) if kind else None


def closed_move(move: Move) -> MoveView:
    """Return a declared move as one that cannot be made now."""
    return MoveView(
        name=move.name,
        title=move.title,
        allowed=False,
        why=T("当前环节已不能办理这个动作", "This move cannot be made from the present state"),
        target=move.target,
        target_title=same(""),
        basis=move.basis,
        note=move.note,
        fields=move.form,
        chooses_organisation=move.to == "chosen",
        asks_days=move.clock in ("extend", "ask"),
        extend_limit=move.extend_limit,
        document=move.document,
        key="",
        tone=move.tone,
        help=move.help,
    )


def states_of(type_id: str) -> list[tuple[str, T]]:
    """Return the states of a case type, for a filter."""
    kind = registry.find(CaseType, type_id)
    return [(state.name, state.title) for state in kind.states] if kind else []
