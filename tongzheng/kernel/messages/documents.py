"""Official documents as PDF/A, printed by typst from data: what a person wrote never becomes source."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import qrcode
import qrcode.image.svg
import typst
from django.conf import settings
from qrcode.exceptions import DataOverflowError

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, TooLarge
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T

from .fonts import folders, settled
from .kinds import Document
from .render import clean, parts, places

Fact = str | T | date | int | Sequence[str | T]

MOST_CHARACTERS = 100_000
"""Characters of all facts of one document, about 160 pages; a line or an item of a list counts for 30 at least.

It bounds the time and memory of printing: 0.2 s and 200 MB for words of any usual kind.
"""

SOURCE: Final = Path(__file__).parent / "paper" / "document.typ"
STANDARD: Final = "a-2u"
CHINA: Final = timezone(timedelta(hours=8))

log = logging.getLogger(__name__)
_here = threading.local()

_WORDS: dict[str, T] = {
    "colon": T("：", ":"),
    "remedy": T("救济途径：", "Remedies: "),
    "basis": T("依据：", "Basis: "),
    "number": T("编号：", "No. "),
    "scan": T("扫码核验", "Scan to verify"),
    "demo": T("演示文书 · 内容虚构 · 不具法律效力", "Demonstration: invented, without legal effect"),
    "seal": T("演示专用", "DEMO ONLY"),
}


def document(
    document_id: str,
    *,
    facts: Mapping[str, Fact],
    lang: str = "zh",
    number: str = "",
    seal: str = "",
) -> bytes:
    """Return a declared document as a PDF/A-2u; the same arguments give the same bytes.

    Args: document_id "slug.name". facts fill the places: a `date` is written out, a list becomes a numbered list
    where it is a paragraph of its own. Three facts are always needed: `issuer` (the body's name), `date` (a date,
    printed above the seal) and `to` (the addressee, "" for none); `verify` is an address printed as a QR code. A place given as "" leaves
    its row out, and its paragraph if all the paragraph's places are "". lang "zh" or "en". number the document's
    number. seal the name on the red seal, "" for none.
    Raises KeyError for an undeclared document, Invalid naming missing facts, TooLarge above 100,000 characters.
    Layout after GB/T 9704-2012; PDF/A-2u is ISO 19005-2.
    """
    declared = registry.get(Document, document_id)
    data = sheet(declared, facts=facts, lang=lang, number=number, seal=seal, demo=bool(settings.DEMO))
    year, month, day = data["date"]
    moment = datetime(year, month, day, tzinfo=CHINA)
    try:
        printed = _compiler().compile(
            input=SOURCE,
            format="pdf",
            sys_inputs={"data": json.dumps(data, ensure_ascii=False, sort_keys=True)},
            pdf_standards=[STANDARD],
            timestamp=moment,
        )
    except typst.TypstError as error:
        log.warning("document not printed", extra={"data": {"document": document_id, "reason": str(error)}})
        raise Invalid(
            T(
                "文书内容无法排印，请检查其中的特殊字符",
                "The document cannot be printed; look for unusual characters",
            )
        ) from error
    if not isinstance(printed, bytes):
        raise TypeError("typst gave no document")
    return printed


def sheet(
    declared: Document, *, facts: Mapping[str, Fact], lang: str, number: str, seal: str, demo: bool
) -> dict[str, Any]:
    """Return everything that the page prints, as plain data. Raises Invalid and TooLarge as `document` does."""
    _check(declared, facts, lang, number, seal)
    day = facts["date"]
    assert isinstance(day, date)

    def words(text: T | None) -> str:
        return "" if text is None else _fill(text, facts, lang)

    blocks: list[dict[str, Any]] = []
    for paragraph in declared.paragraphs:
        blocks += _blocks(paragraph, facts, lang)
    rows = [
        [settled(_side(heading, lang)), _value(facts[place], lang, joined="\n")]
        for place, heading in declared.rows
        if declared.template == "service" or _value(facts[place], lang) != ""
    ]
    verify = str(facts.get("verify", ""))
    return {
        "layout": declared.template,
        "lang": lang,
        "title": settled(_side(declared.title, lang)),
        "number": settled(clean(number)),
        "to": _value(facts["to"], lang),
        "issuer": _value(facts["issuer"], lang),
        "date": [day.year, day.month, day.day],
        "dated": written_date(day, lang),
        "blocks": blocks,
        "rows": rows,
        "remedy": words(declared.remedy),
        "basis": words(declared.basis),
        "copies": words(declared.copies),
        "seal": settled(clean(seal)),
        "qr": qr(verify) if verify else "",
        "verify": settled(clean(verify)),
        "demo": demo,
        "words": {name: _side(text, lang) for name, text in _WORDS.items()},
    }


def written_date(day: date, lang: str) -> str:
    """Return a date as documents write it: 2026年11月23日, 23 November 2026."""
    if lang == "en":
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def qr(text: str) -> str:
    """Return a QR code of a text as SVG. Raises Invalid when it does not fit."""
    try:
        made = qrcode.make(
            text, image_factory=qrcode.image.svg.SvgPathImage, error_correction=qrcode.ERROR_CORRECT_M
        )
    except (ValueError, DataOverflowError) as error:
        raise Invalid(T("核验地址过长", "The verification address is too long")) from error
    drawn = io.BytesIO()
    made.save(drawn)
    return drawn.getvalue().decode()


def _check(declared: Document, facts: Mapping[str, Fact], lang: str, number: str, seal: str) -> None:
    if lang not in ("zh", "en"):
        raise Invalid(T("语言只能是 zh 或 en", "the language is zh or en"))
    needed = {"to", "issuer", "date"} | {place for place, _ in declared.rows}
    for text in (*declared.paragraphs, declared.remedy, declared.basis, declared.copies):
        if text is not None:
            needed |= places(_side(text, lang))
    faults = {name: T("没有内容", "no value given") for name in sorted(needed - set(facts))}
    if "date" in facts and not isinstance(facts["date"], date):
        faults["date"] = T("须为日期", "must be a date")
    if faults:
        named = ", ".join(faults)
        raise Invalid(
            T(f"文书缺少内容：{named}", f"The document has no usable value for: {named}"), fields=faults
        )
    size = len(number) + len(seal) + sum(_size(value, lang) for value in facts.values())
    if size > MOST_CHARACTERS or len(seal) > 60 or len(number) > 80:
        raise TooLarge(T("文书内容过长，请改为附件", "The document is too long; attach the text instead"))


def _size(value: Fact, lang: str) -> int:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return sum(_size(item, lang) + 30 for item in value)
    text = _plain(value, lang)
    return len(text) + 30 * text.count("\n")


def _blocks(paragraph: T, facts: Mapping[str, Fact], lang: str) -> list[dict[str, Any]]:
    side = _side(paragraph, lang)
    named = places(side)
    if named and all(_value(facts[name], lang) == "" for name in named):
        return []
    if len(named) == 1 and side == f"{{{next(iter(named))}}}":
        value = facts[next(iter(named))]
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [{"kind": "list", "items": [_value(item, lang, joined=" ") for item in value]}]
    return [
        {"kind": "par", "text": line} for line in _fill(paragraph, facts, lang).split("\n") if line.strip()
    ]


def _fill(text: T, facts: Mapping[str, Fact], lang: str) -> str:
    words = []
    for literal, name in parts(_side(text, lang)):
        words.append(settled(literal))
        if name is not None:
            words.append(_value(facts[name], lang))
    return "".join(words)


def _value(value: Fact, lang: str, *, joined: str = "") -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        between = joined or ("、" if lang == "zh" else ", ")
        return between.join(_value(item, lang) for item in value)
    return settled(clean(_plain(value, lang), limit=MOST_CHARACTERS, lines=True))


def _plain(value: object, lang: str) -> str:
    if isinstance(value, T):
        return _side(value, lang)
    if isinstance(value, datetime):
        value = value.astimezone(clock.CHINA).date()
    return written_date(value, lang) if isinstance(value, date) else str(value)


def _side(text: T, lang: str) -> str:
    return text.en if lang == "en" else text.zh


def _compiler() -> typst.Compiler:
    """Return this thread's printer: faces are read once, and no thread waits for another's document."""
    found: typst.Compiler | None = getattr(_here, "compiler", None)
    if found is None:
        found = _here.compiler = typst.Compiler(
            root=SOURCE.parent,
            font_paths=typst.Fonts(
                include_system_fonts=False,
                include_embedded_fonts=False,
                font_paths=list(folders()),
            ),
            ignore_system_fonts=True,
        )
    return found
