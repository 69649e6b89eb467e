"""What an applicant sees and does about their own application: progress, documents, supplements, review."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.cases.kinds import Field
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, SignInNeeded
from tongzheng.kernel.core.text import T, english
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from .items import item_of_case
from .papers import papers, printed

TYPES = ("services.application", "services.instant")
PROGRESS = {
    "services.application": (
        ("received", T("收件", "Received")),
        ("accepted", T("受理", "Accepted")),
        ("reviewing", T("审查", "Review")),
        ("deciding", T("决定", "Decision")),
        ("granted", T("送达", "Delivery")),
        ("closed", T("办结", "Closed")),
    ),
    "services.instant": (
        ("received", T("收件", "Received")),
        ("granted", T("办理", "Handled")),
        ("closed", T("办结", "Closed")),
    ),
}
PLACES = {"correcting": "received", "special": "reviewing", "denied": "granted"}
TAGS = (
    T("一次告知清楚", "Told all at once"),
    T("办得快", "Fast"),
    T("态度好", "Friendly"),
    T("跑得少", "Few visits"),
    T("网上好用", "Easy online"),
)
BAD_TAGS = (
    T("要求多余材料", "Asked for needless papers"),
    T("办得慢", "Slow"),
    T("态度差", "Unfriendly"),
    T("跑了多趟", "Too many visits"),
    T("网上不好用", "Hard to use online"),
)
REVIEW = (
    Field(
        "level",
        T("您对这次办理满意吗？", "How satisfied are you?"),
        "choice",
        choices=tuple((str(level), words) for level, words in cases.REVIEW_LEVELS.items()),
    ),
    Field(
        "tags",
        T("说说具体的", "In particular"),
        "choices",
        required=False,
        choices=tuple((t.zh, t) for t in (*TAGS, *BAD_TAGS)),
    ),
    Field("text", T("想说的话", "In your own words"), "long", required=False, max_length=1000),
    Field(
        "anonymous", T("匿名评价，不留下我是谁", "Anonymously: who I am is not kept"), "bool", required=False
    ),
)


def own(request: HttpRequest, number: str) -> cases.Sheet:
    """Return the sheet of one's own application. Raises SignInNeeded, Missing (also for anybody else's)."""
    actor: identity.Actor = request.actor  # type: ignore[attr-defined]
    if not actor.signed_in:
        raise SignInNeeded()
    sheet = cases.sheet(number[:64], actor=actor)
    if sheet.case.type_id not in TYPES or not sheet.case.query_code:
        raise Missing(T("没有这个办件，或不是您的", "There is no such application, or it is not yours"))
    return sheet


@require_safe
def my_case(request: HttpRequest, number: str) -> HttpResponse:
    """Show how one's own application stands and what one can do about it."""
    return _shown(request, own(request, number))


def _shown(
    request: HttpRequest,
    sheet: cases.Sheet,
    *,
    values: dict[str, Any] | None = None,
    errors: dict[str, T] | None = None,
    status: int = 200,
    about: str = "",
) -> HttpResponse:
    case = sheet.case
    names = [name for name, _ in PROGRESS[case.type_id]]
    place = PLACES.get(case.state, case.state)
    kept = papers(sheet)
    facts = {fact.name: fact for fact in sheet.facts}
    allowed = {move.name: move for move in sheet.moves if move.allowed}
    return render(
        request,
        "services/my_case.html",
        {
            "sheet": sheet,
            "case": case,
            "item": item_of_case(case.subject),
            "steps": [title for _, title in PROGRESS[case.type_id]],
            "place": names.index(place) + 1 if place in names else 0,
            "fresh": len(sheet.timeline) == 1,
            "office": next(
                (e.organisation_label for e in reversed(sheet.timeline) if e.organisation_label), ""
            ),
            "papers": [(paper, _paper_url(case.number, paper.n)) for paper in kept],
            "events": _events(sheet, {paper.n: paper for paper in kept}),
            "entries": [(f.title, f.shown) for f in sheet.facts if f.kind not in ("file", "files")],
            "files": [
                (facts[f.field].title if f.field in facts else "", f.name, _file_url(case.number, f.digest))
                for f in sheet.files
            ],
            "resubmit": allowed.get("resubmit"),
            "asked": _asked(sheet),
            "withdraw": allowed.get("withdraw"),
            "review_fields": REVIEW,
            "values": values or {},
            "errors": errors or {},
            "about": about,
        },
        status=status,
    )


def _events(sheet: cases.Sheet, kept: dict[int, Any]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for event in reversed(sheet.timeline):
        made.append(
            {
                "title": event.title,
                "at": event.at,
                "who": event.actor_label if event.actor_id is None else "",
                "note": event.note,
                "basis": event.basis if event.kind in ("open", "move") else "",
                "tone": "now" if not made else "",
                "files": [
                    {
                        "name": f"{event.document_title} {event.document}",
                        "href": _paper_url(sheet.case.number, event.n),
                    }
                ]
                if event.n in kept
                else (),
            }
        )
    return made


def _asked(sheet: cases.Sheet) -> str:
    """Return what the office asked to be supplemented."""
    return next((event.note for event in reversed(sheet.timeline) if event.move == "supplement"), "")


def _paper_url(number: str, n: int) -> str:
    return reverse("services:my_document", args=[number, n])


def _file_url(number: str, digest: str) -> str:
    return reverse("services:my_file", args=[number, digest])


@require_POST
def move(request: HttpRequest, number: str, move: str) -> HttpResponse:
    """Hand in supplements, or withdraw."""
    sheet = own(request, number)
    found = next((one for one in sheet.moves if one.name == move), None)
    if found is None:
        raise Conflict(
            T("这个办件现在不能这样办，请看最新进展", "This cannot be done now; look at how it stands")
        )
    note = request.POST.get("note", "")[:4000]
    incoming = cases.received(request, found.fields, own=("note", "version"))
    errors = dict(incoming.errors)
    if move == "resubmit" and not note.strip() and not incoming.files and not errors:
        errors["supplements"] = T("请上传补正的材料，或写明说明", "Upload what was asked for, or explain")
    try:
        if errors:
            raise Invalid(fields=errors)
        given = request.POST.get("version", "")
        cases.move_case(
            sheet.case.id,
            move,
            actor=request.actor,  # type: ignore[attr-defined]
            version=int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else None,
            note=note,
            data=incoming.data,
            files=incoming.pairs,
        )
    except Invalid as fault:
        values = {**incoming.values, "note": note}
        return _shown(request, sheet, values=values, errors=fault.fields, status=422, about=move)
    return redirect("services:my_case", sheet.case.number)


@require_POST
def review(request: HttpRequest, number: str) -> HttpResponse:
    """Say how satisfied one is, once."""
    sheet = own(request, number)
    incoming = cases.received(request, REVIEW)
    clean, errors = cases.validate(REVIEW, incoming.data)
    try:
        if errors:
            raise Invalid(fields=errors)
        cases.review(
            sheet.case.id,
            actor=request.actor,  # type: ignore[attr-defined]
            level=int(clean["level"]),
            text=clean.get("text", ""),
            tags=tuple(clean.get("tags", ())),
            anonymous=clean.get("anonymous", False),
        )
    except Invalid as fault:
        return _shown(request, sheet, values=incoming.values, errors=fault.fields, status=422, about="review")
    return redirect("services:my_case", sheet.case.number)


@require_safe
def document(request: HttpRequest, number: str, n: int) -> HttpResponse:
    """Give one of the documents of one's own application."""
    sheet = own(request, number)
    actor: identity.Actor = request.actor  # type: ignore[attr-defined]
    name, code = sheet.case.applicant_label, ""
    body_id = sheet.case.applicant_organisation_id
    body = identity.organisation(body_id) if body_id is not None else None
    if body is not None:
        name, code = body.name, body.uscc
    elif actor.person_id is not None and actor.person_id == sheet.case.applicant_person_id:
        clear = identity.reveal(
            actor=actor,
            person_id=actor.person_id,
            fields=("name",),
            purpose="本人查阅办件文书",
            case=sheet.case.number,
        )
        name = clear["name"]
    return pdf(request, sheet, n, name=name, code=code)


def pdf(request: HttpRequest, sheet: cases.Sheet, n: int, *, name: str, code: str) -> HttpResponse:
    """Return a document of a case as a download in the reader's language, with the code by which it is verified."""
    verify = request.build_absolute_uri(reverse("cases:verify", args=["NUMBER", 0, "CODE"]))
    verify = verify.replace("NUMBER/0/CODE", "{number}/{n}/{code}")
    lang = "en" if english() else "zh"
    title, made = printed(sheet, n, name=name, code=code, lang=lang, verify=verify)
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(True, title) or "attachment"
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def file(request: HttpRequest, number: str, digest: str) -> FileResponse:
    """Give back a file that one handed in."""
    sheet = own(request, number)
    found = next((one for one in sheet.files if one.digest == digest), None)
    if found is None:
        raise Missing(T("这个办件没有这个文件", "This application has no such file"))
    response = FileResponse(ledger.open_file(digest), content_type=found.media_type)
    response["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response
