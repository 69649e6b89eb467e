"""Writing spreadsheets: XLSX and CSV row by row in bounded memory, so that no cell can ever run.

A text that begins with = + - @, a tab or a return (full-width ones too) gets an apostrophe before it in CSV, as
OWASP advises; in XLSX every text is written as a text cell, which is never evaluated, with the same apostrophe
because people save such files as CSV. Numbers and dates stay numbers and dates.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO
from xml.sax.saxutils import escape, quoteattr

from .intake import RISKY

_ILLEGAL = dict.fromkeys((*range(0, 9), 11, 12, *range(14, 32), 65534, 65535))
_NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  (a spreadsheet's day has no zone)


@dataclass(slots=True)
class SheetOut:
    """One sheet to write: its name, rows, column widths in characters, and choices by place for its columns."""

    name: str
    rows: Iterable[Sequence[Any]]
    widths: Sequence[int] = ()
    choices: Mapping[int, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who took a file out, when, what for: written into it."""

    who: str
    when: datetime
    purpose: str
    what: str


def safe(value: Any) -> Any:
    """Return a cell that cannot run: text that a spreadsheet would take for a formula gets an apostrophe."""
    if isinstance(value, str):
        return "'" + value if value[:1] in tuple(RISKY) and value else value
    return value


def write_csv(out: BinaryIO, rows: Iterable[Sequence[Any]]) -> int:
    """Write rows as CSV in UTF-8 with its mark, as Chinese Excel needs it; return how many."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    count = 0
    for row in rows:
        writer.writerow([_csv_cell(cell) for cell in row])
        count += 1
    text.flush()
    text.detach()
    return count


def _csv_cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Decimal):
        return format(value, "f")
    return safe("" if value is None else value)


def write_xlsx(out: BinaryIO, sheets: Sequence[SheetOut], stamp: Stamp | None = None) -> int:
    """Write sheets as XLSX, streaming; return the number of rows of the first."""
    first = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for number, sheet in enumerate(sheets, 1):
            with archive.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=True) as part:
                count = _sheet(part, sheet, stamp)
            first = first or count
        for name, body in _frame(sheets, stamp).items():
            archive.writestr(name, _HEAD + body)
    return first


def _sheet(part: Any, sheet: SheetOut, stamp: Stamp | None) -> int:
    cols = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>'
        for n, width in enumerate(sheet.widths, 1)
    )
    part.write(
        (
            f'{_HEAD}<worksheet {_NS}><dimension ref="A1"/><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
            f' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
            f"{f'<cols>{cols}</cols>' if cols else ''}<sheetData>"
        ).encode()
    )
    count = 0
    block: list[str] = []
    for count, row in enumerate(sheet.rows, 1):
        cells = "".join(_cell(value, count == 1) for value in row)
        block.append(f'<row r="{count}">{cells}</row>')
        if len(block) == 500:
            part.write("".join(block).encode())
            block.clear()
    part.write("".join(block).encode() + b"</sheetData>")
    if sheet.choices:
        part.write(_validations(sheet).encode())
    if stamp:
        words = escape(
            _clean(f"&L{stamp.who} {stamp.when:%Y-%m-%d %H:%M}&R{stamp.purpose[:80]}".replace("&", "&&"))
        )
        words = words.replace("&amp;&amp;L", "&amp;L", 1).replace("&amp;&amp;R", "&amp;R", 1)
        part.write(f"<headerFooter><oddFooter>{words}</oddFooter></headerFooter>".encode())
    part.write(b"</worksheet>")
    return count


def _validations(sheet: SheetOut) -> str:
    lines = []
    for place, words in sheet.choices.items():
        listed = ",".join(w.replace(",", "，") for w in words)
        if len(listed) > 250:
            continue  # the format allows 255 characters; the help sheet lists them all
        column = _letters(place)
        formula = escape('"' + listed.replace('"', '""') + '"')
        lines.append(
            f'<dataValidation type="list" allowBlank="1" sqref="{column}2:{column}10000">'
            f"<formula1>{formula}</formula1></dataValidation>"
        )
    return f'<dataValidations count="{len(lines)}">{"".join(lines)}</dataValidations>' if lines else ""


def _cell(value: Any, head: bool) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, Decimal) and abs(value) < 10**15:
        return f"<c><v>{value:f}</v></c>"
    if isinstance(value, int) and abs(value) < 10**15:
        return f"<c><v>{value}</v></c>"
    if isinstance(value, float):
        return f"<c><v>{value!r}</v></c>"
    if isinstance(value, datetime):
        value = value.strftime("%Y-%m-%d %H:%M:%S")
    elif isinstance(value, date):
        if value.year < 1900 or (value.year == 1900 and value.month < 3):
            value = value.isoformat()
        else:
            return f'<c s="2"><v>{(datetime(value.year, value.month, value.day) - _ZERO).days}</v></c>'  # noqa: DTZ001
    text = escape(_clean(str(safe(str(value)))))
    style = ' s="1"' if head else ""
    return f'<c t="inlineStr"{style}><is><t xml:space="preserve">{text}</t></is></c>'


def _clean(text: str) -> str:
    return text[:32_000].translate(_ILLEGAL).encode("utf-8", "ignore").decode()


def _letters(place: int) -> str:
    out = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        out = chr(65 + rest) + out
    return out


def _frame(sheets: Sequence[SheetOut], stamp: Stamp | None) -> dict[str, str]:
    """Return the small parts of the file, by their paths."""
    numbers = range(1, len(sheets) + 1)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    package = "http://schemas.openxmlformats.org/package/2006"
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>'
        for n in numbers
    )
    listed = "".join(
        f'<sheet name={quoteattr(_clean(s.name)[:31])} sheetId="{n}" r:id="r{n}"/>'
        for n, s in enumerate(sheets, 1)
    )
    links = "".join(
        f'<Relationship Id="r{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    core = ""
    if stamp:
        core = (
            f'<cp:coreProperties xmlns:cp="{package}/metadata/core-properties"'
            ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            f"<dc:title>{escape(_clean(stamp.what))}</dc:title><dc:creator>{escape(_clean(stamp.who))}</dc:creator>"
            f"<dc:description>{escape(_clean(stamp.purpose))}</dc:description>"
            f'<dcterms:created xsi:type="dcterms:W3CDTF">{stamp.when.isoformat(timespec="seconds")}</dcterms:created>'
            "</cp:coreProperties>"
        )
    parts = {
        "[Content_Types].xml": (
            f'<Types xmlns="{package}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>{overrides}'
            + (
                '<Override PartName="/docProps/core.xml"'
                ' ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
                if core
                else ""
            )
            + "</Types>"
        ),
        "_rels/.rels": (
            f'<Relationships xmlns="{package}/relationships">'
            f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
            + (
                f'<Relationship Id="r2" Type="{package}/relationships/metadata/core-properties"'
                ' Target="docProps/core.xml"/>'
                if core
                else ""
            )
            + "</Relationships>"
        ),
        "xl/workbook.xml": f'<workbook {_NS} xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{package}/relationships">{links}'
            f'<Relationship Id="styles" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
        ),
        "xl/styles.xml": (
            f'<styleSheet {_NS}><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
            '<fonts count="2"><font><sz val="11"/></font><font><b/><sz val="11"/></font></fonts>'
            '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/>'
            '</fill></fills><borders count="1"><border/></borders>'
            '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
            '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
            '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
            '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
            '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
        ),
    }
    if core:
        parts["docProps/core.xml"] = core
    return parts


def drained(file: BinaryIO, size: int = 2**16) -> Iterator[bytes]:
    """Yield a finished file in pieces and close it."""
    with file:
        file.seek(0)
        while piece := file.read(size):
            yield piece
