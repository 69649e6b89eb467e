"""The official documents of an application: which move issues which, with what on them, as a PDF.

A document is made again from the case's events whenever it is asked for: the same events give the same bytes, so
no copy is kept. Its number is the one the move was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.core.text import T, same
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger
from tongzheng.kernel.messages import api as messages

from .items import item_of_case
from .views import ItemView

BY_MOVE = {
    "": "messages.receipt",
    "accept": "messages.acceptance",
    "supplement": "messages.supplement",
    "refuse": "messages.refusal",
    "special": "services.special",
    "extend": "services.extension",
    "deny": "messages.denial",
    "deliver": "messages.service",
}
"""The document of each move; "" is the opening. What granting issues depends on the item (`_granted`)."""

FOR_EVER = T("长期", "Without limit")


@dataclass(frozen=True, slots=True)
class Paper:
    """One document of a case: `n` is the event that issued it, 0 the result itself (证照、批复)."""

    n: int
    title: T
    number: str
    at: datetime


def papers(sheet: cases.Sheet) -> tuple[Paper, ...]:
    """Return the documents of a case in the order of issue; the result stands after the decision to grant."""
    found: list[Paper] = []
    for event in sheet.timeline:
        if event.document and event.document_title is not None:
            found.append(Paper(event.n, event.document_title, event.document, event.at))
        if event.move == "grant":
            item = item_of_case(sheet.case.subject)
            if item.elements.result_kind == "licence" or not item.instant:
                found.append(Paper(0, item.elements.result, sheet.case.number, event.at))
    return tuple(found)


def printed(
    sheet: cases.Sheet, n: int, *, name: str, code: str, lang: str, verify: str = ""
) -> tuple[str, bytes]:
    """Return the file name and the PDF of a document of a case.

    Args: n as in `Paper`; name and code, of the applicant or licence holder, in clear or masked as the reader may
    know them; lang "zh" or "en"; verify, the address where documents are verified, with places for the case's
    `{number}`, the event's `{n}` and the `{code}`, "" for none. Raises Missing.
    """
    event = next(
        (e for e in sheet.timeline if (e.move == "grant" if n == 0 else e.n == n and e.document)), None
    )
    if event is None:
        raise Missing(T("这个办件没有这份文书", "This case has no such document"))
    item = item_of_case(sheet.case.subject)
    body = _issuer(sheet, event.n)
    facts: dict[str, Any] = {
        "to": name,
        "issuer": body.title if body else same(event.organisation_label),
        "date": _day(event.at),
        "applied": _day(sheet.case.opened_at),
        "item": item.title,
        "case": sheet.case.number,
        "note": "",
        "reason": event.note,
        "applicant": name,
        "verify": verify.format(
            number=sheet.case.number, n=event.n, code=cases.document_code(sheet.case.number, event.n)
        ),
        **_more(sheet, event, item, name),
    }
    if n == 0:
        document, number = _result(item, facts, code, event.at)
        number = number or sheet.case.number
        title = item.elements.result
    else:
        document = BY_MOVE.get(event.move) or _granted(item)
        number, title = event.document, event.document_title or item.elements.result
    made = messages.document(
        document, facts=facts, lang=lang, number=number, seal=body.name if body else event.organisation_label
    )
    return f"{title.en if lang == 'en' else title.zh} {number}.pdf", made


def _granted(item: ItemView) -> str:
    return "services.result" if item.instant or item.type != "01" else "messages.grant"


def _result(item: ItemView, facts: dict[str, Any], code: str, at: datetime) -> tuple[str, str]:
    if item.elements.result_kind != "licence":
        return "services.result", ""
    facts |= {"holder": facts["to"], "code": code, "note": item.elements.result}
    return "messages.licence", ""


def _more(sheet: cases.Sheet, event: cases.EventView, item: ItemView, name: str) -> Mapping[str, Any]:
    if event.move == "":
        return {"materials": _materials(sheet)}
    if event.move in ("accept", "extend"):
        return {"days": str(item.promised), "due": _due(sheet, event)}
    if event.move == "supplement":
        lines = [line.strip(" ；;") for line in event.note.replace("；", "\n").splitlines()]
        return {"materials": [line for line in lines if line], "until": ""}
    if event.move == "special":
        return {"procedure": next((fact.shown for fact in event.data), T("特别程序", "a special procedure"))}
    if event.move == "grant":
        address = next((fact.shown for fact in sheet.facts if fact.name == "address"), same(""))
        return {
            "content": item.elements.result,
            "valid": valid_until(event.at, item.elements.validity_months),
            "address": address,
        }
    if event.move == "deliver":
        return {
            "documents": [
                T(f"{e.document_title.zh} {e.document}", f"{e.document_title.en} {e.document}")
                for e in sheet.timeline
                if e.document and e.document_title and e.n < event.n and e.move in ("grant", "deny")
            ],
            "receiver": name,
            "place": "",
            "way": next((fact.shown for fact in event.data), same("")),
            **dict.fromkeys(("received", "signed", "proxy", "server"), ""),
        }
    return {}


def valid_until(at: datetime, months: int) -> T:
    """Return how long a result granted at a moment is valid; 0 months is without limit."""
    if not months:
        return FOR_EVER
    start = _day(at)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = start.day
    while True:
        try:
            end = date(year, month + 1, day)
            break
        except ValueError:  # the 31st of a shorter month
            day -= 1
    return T(
        f"{start.year}年{start.month}月{start.day}日至{end.year}年{end.month}月{end.day}日",
        f"{start.isoformat()} to {end.isoformat()}",
    )


def _materials(sheet: cases.Sheet) -> list[T]:
    titles = {fact.name: fact.title for fact in sheet.facts}
    first = [file for file in sheet.files if file.at <= sheet.case.opened_at]
    named = [titles.get(file.field, same(file.name)) for file in first]
    return [T("申请表（在线填写）", "Application form (filled in online)"), *dict.fromkeys(named)]


def _issuer(sheet: cases.Sheet, n: int) -> identity.OrganisationView | None:
    """Return the body that issued what event `n` issued: who acted, or held the case last before it."""
    held = [e.organisation_id for e in sheet.timeline if e.n <= n and e.organisation_id is not None]
    return identity.organisation(held[-1]) if held else None


def _due(sheet: cases.Sheet, event: cases.EventView) -> date | str:
    """Return the day that the move promised, as the ledger has it: later pauses and extensions do not change it."""
    for entry in ledger.entries(subject=f"case:{sheet.case.number}", act="cases.move", limit=200):
        if entry.body.get("move") == event.move and entry.body.get("due"):
            return _day(datetime.fromisoformat(str(entry.body["due"])))
    return ""


def _day(moment: datetime) -> date:
    return moment.astimezone(clock.CHINA).date()
