"""Reading uploaded spreadsheets safely: XLSX and CSV become rows of named cells, or a clear refusal.

The type is judged by the bytes, never by the name. A zip's directory is read before anything is unpacked.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl

from tongzheng.kernel.core.errors import BadFile, Fault, TooLarge
from tongzheng.kernel.core.text import T

from .encodings import encoding_of
from .rules import FORMULA, Unusable, narrow, tidy
from .tables import Table

ROW_LIMIT = 200_000
COLUMN_LIMIT = 200
HEADER_WITHIN = 20
PART_LIMIT = 16 * 2**20
SHARED_LIMIT = 96 * 2**20
SHEET_LIMIT = 384 * 2**20
ROW_BYTES = 8 * 2**20
RATIO_LIMIT = 250
MARK = "#导出"
"""Begins the last line of our own CSV exports, which says who exported; skipped when it comes back."""

RISKY = "=+-@\t\r＝＋－＠"
BROKEN = T(
    "文件已损坏或不是有效的 XLSX，请用表格软件重新保存", "The file is damaged or no valid XLSX; save it again"
)
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}\d+:[A-Z]{1,3}\d+)"')


@dataclass(frozen=True, slots=True)
class Book:
    """An opened file: which column of the register stands in which place, and what was ignored."""

    places: tuple[tuple[int, str], ...]
    ignored: tuple[str, ...]
    header_row: int
    sheet: str
    source: Iterator[tuple[int, Sequence[Any]]]

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (row number in the file, raw values by column), skipping empty rows. Raises TooLarge, BadFile."""
        taken = 0
        for number, cells in self.source:
            row = {
                name: cells[place]
                for place, name in self.places
                if place < len(cells) and not _blank(cells[place])
            }
            if not row:
                continue
            if cells and isinstance(cells[0], str) and cells[0].startswith(MARK):
                continue
            taken += 1
            if taken > ROW_LIMIT:
                raise TooLarge(
                    T("一次最多 {n} 行，请分成几个文件", "At most {n} rows at once; split the file").fill(
                        n=ROW_LIMIT
                    )
                )
            yield number, row


def open_book(body: bytes, table: Table) -> Book:
    """Open an uploaded file for a register. Raises BadFile or TooLarge with what to do about it."""
    if not body.strip(b"\x00\r\n\t ,;\xef\xbb\xbf"):
        raise BadFile(T("文件是空的", "The file is empty"))
    if body[:4] == b"PK\x03\x04":
        return _xlsx(body, table)
    if body[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise BadFile(
            T(
                "文件加了密码，或是旧的 .xls 格式；请去掉密码，另存为 .xlsx",
                "The file has a password or is an old .xls; remove the password and save it as .xlsx",
            )
        )
    return _csv(body, table)


def titles_of(table: Table) -> dict[str, str]:
    """Return how a header may call each column: its name or its title in either language, written plainly."""
    out: dict[str, str] = {}
    for name, col in table.cols.items():
        for title in (name, col.column.title.zh, col.column.title.en):
            out.setdefault(_heading(title), name)
    return out


def matched(table: Table, cells: Sequence[Any]) -> tuple[tuple[tuple[int, str], ...], tuple[str, ...]]:
    """Match a header: return ((place, column name), …) and the headings that fit none. Raises BadFile for doubles."""
    titles = titles_of(table)
    allowed = {c.column.name for c in table.editable(creating=True)} | {c.column.name for c in table.keys}
    places: dict[str, int] = {}
    ignored: list[str] = []
    for place, cell in enumerate(cells[:COLUMN_LIMIT]):
        if _blank(cell) or isinstance(cell, Unusable):
            continue
        name = titles.get(_heading(str(cell)))
        if name is None or name not in allowed:
            ignored.append(str(cell)[:60])
        elif name in places:
            raise BadFile(
                T("表头“{title}”出现了两次", "The heading “{title}” occurs twice").fill(title=str(cell)[:60])
            )
        else:
            places[name] = place
    return tuple((place, name) for name, place in places.items()), tuple(ignored)


def _heading(text: str) -> str:
    return re.sub(r"[\s*＊_]|[（(][^）)]*[）)]$", "", narrow(text)).casefold()


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not tidy(cell))


def _no_header(table: Table, seen: Sequence[str]) -> BadFile:
    wanted = T(
        "、".join(c.column.title.zh for c in table.editable(creating=True)),
        ", ".join(c.column.title.en for c in table.editable(creating=True)),
    )
    return BadFile(
        T(
            "没有找到表头。应有这些列：{wanted}。文件开头是：{seen}",
            "No header was found. Expected columns: {wanted}. The file begins with: {seen}",
        ).fill(wanted=wanted, seen=" | ".join(seen)[:200] or "—"),
        advice=T("可以先下载模板，把内容贴进去", "Download the template and paste the rows into it"),
    )


def _with_header(table: Table, head: Sequence[tuple[int, Sequence[Any]]]) -> tuple[int, Any, Any]:
    """Return (index of the header among the first rows, places, ignored); the best of them wins."""
    best: tuple[int, Any, Any] = (-1, (), ())
    for index, (_, cells) in enumerate(head):
        places, ignored = matched(table, cells)
        if len(places) > len(best[1]):
            best = (index, places, ignored)
    if best[0] < 0:
        seen = next(([str(c) for c in cells if not _blank(c)] for _, cells in head if any(cells)), [])
        raise _no_header(table, seen)
    missing = [c.column.title for c in table.keys if c.column.name not in {name for _, name in best[1]}]
    if missing:
        raise BadFile(
            T("缺少识别每一行的列：{columns}", "The columns that identify a row are missing: {columns}").fill(
                columns=T("、".join(t.zh for t in missing), ", ".join(t.en for t in missing))
            )
        )
    return best


# --- CSV ---------------------------------------------------------------------------------------------------


def _csv(body: bytes, table: Table) -> Book:
    encoding = encoding_of(body)
    text = io.TextIOWrapper(io.BytesIO(body), encoding=encoding, newline="")
    first = text.readline(65536)
    comma = max(",\t;，", key=first.count)
    text.seek(0)
    lines = _csv_rows(csv.reader(text, delimiter=comma))
    head = [row for _, row in zip(range(HEADER_WITHIN), lines, strict=False)]
    index, places, ignored = _with_header(table, head)

    def rest() -> Iterator[tuple[int, Sequence[Any]]]:
        yield from head[index + 1 :]
        yield from lines

    return Book(places, ignored, head[index][0], encoding, rest())


def _csv_rows(reader: Any) -> Iterator[tuple[int, Sequence[Any]]]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, UnicodeError) as error:
            raise BadFile(
                T("第 {n} 行读不懂：{why}", "Line {n} cannot be read: {why}").fill(
                    n=reader.line_num, why=str(error)[:120]
                )
            ) from None
        # Undo the apostrophe that our exports put before text that a spreadsheet would run.
        yield (
            reader.line_num,
            [c[1:] if c[:1] == "'" and c[1:2] in tuple(RISKY) else c for c in cells[:COLUMN_LIMIT]],
        )


# --- XLSX --------------------------------------------------------------------------------------------------


def _xlsx(body: bytes, table: Table) -> Book:
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
        _inspect(archive)
        book = openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=False, keep_links=False)
        return _best_sheet(book, archive, table)
    except Fault:
        raise
    except Exception:  # a damaged file makes the parsers raise nearly anything; none of it is ours to show
        raise BadFile(BROKEN) from None


def _inspect(archive: zipfile.ZipFile) -> None:
    """Judge a zip by its directory alone, before unpacking. Raises BadFile or TooLarge."""
    entries = archive.infolist()
    names = {e.filename for e in entries}
    if any(e.flag_bits & 1 for e in entries):
        raise BadFile(T("文件加了密码，请去掉密码再上传", "The file has a password; remove it first"))
    if "[Content_Types].xml" not in names or not any(n.startswith("xl/") for n in names):
        raise BadFile(
            T("这个压缩文件不是 XLSX 表格", "This archive is no XLSX spreadsheet"),
            advice=T("请用表格软件另存为 .xlsx", "Save it as .xlsx in a spreadsheet program"),
        )
    if any(n.endswith("vbaProject.bin") for n in names):
        raise BadFile(
            T("文件带有宏，请另存为不带宏的 .xlsx", "The file holds macros; save it as .xlsx without")
        )
    total = 0
    for entry in entries:
        total += entry.file_size
        limit = PART_LIMIT
        if entry.filename.startswith("xl/worksheets/"):
            limit = SHEET_LIMIT
        elif entry.filename == "xl/sharedStrings.xml":
            limit = SHARED_LIMIT
        elif not entry.filename.endswith((".xml", ".rels")):
            continue  # pictures and the like are never unpacked
        ratio = entry.file_size / max(entry.compress_size, 1)
        if entry.file_size > limit or (entry.file_size > 2**20 and ratio > RATIO_LIMIT):
            raise TooLarge(
                T("文件展开后过大，不能接收", "The file is too large once unpacked"),
                code="zip-bomb",
            )
    if len(entries) > 5000 or total > SHEET_LIMIT + SHARED_LIMIT:
        raise TooLarge(T("文件展开后过大，不能接收", "The file is too large once unpacked"), code="zip-bomb")


def _best_sheet(book: Any, archive: zipfile.ZipFile, table: Table) -> Book:
    found: list[tuple[int, Any, list[tuple[int, Sequence[Any]]]]] = []
    seen: list[str] = []
    merged: dict[str, list[str]] = {}
    for sheet in book.worksheets:
        if getattr(sheet, "sheet_state", "visible") != "visible" or not hasattr(sheet, "iter_rows"):
            continue
        path = str(sheet._worksheet_path).lstrip("/")
        merged[sheet.title] = _scan(archive, path)
        # What a file says of its own size may be wrong, and rows beyond it would be lost without a word.
        sheet.reset_dimensions()
        head = list(_xlsx_rows(sheet, 1, HEADER_WITHIN))
        best = max((len(matched(table, cells)[0]) for _, cells in head), default=0)
        found.append((best, sheet, head))
        seen.append(sheet.title)
    if not found or max(f[0] for f in found) == 0:
        first = next(
            ([str(c) for c in cells if not _blank(c)] for _, _, h in found for _, cells in h if any(cells)),
            [],
        )
        fault = _no_header(table, first)
        names = T("（看过的工作表：{names}）", " (sheets looked at: {names})").fill(
            names=", ".join(seen)[:200]
        )
        raise BadFile(T(fault.words.zh + names.zh, fault.words.en + names.en), advice=fault.advice)
    _, sheet, head = max(found, key=lambda f: f[0])
    index, places, ignored = _with_header(table, head)
    _refuse_merged(merged[sheet.title])
    wide = 1 + max(place for place, _ in places)
    return Book(
        places,
        ignored,
        head[index][0],
        sheet.title,
        _guarded(_xlsx_rows(sheet, head[index][0] + 1, None, wide)),
    )


def _guarded(rows: Iterator[tuple[int, Sequence[Any]]]) -> Iterator[tuple[int, Sequence[Any]]]:
    try:
        yield from rows
    except Fault:
        raise
    except Exception:
        raise BadFile(BROKEN) from None


def _xlsx_rows(
    sheet: Any, first: int, last: int | None, wide: int = COLUMN_LIMIT
) -> Iterator[tuple[int, Sequence[Any]]]:
    number = first - 1
    for row in sheet.iter_rows(min_row=first, max_row=last, max_col=wide):
        number += 1
        yield number, [_cell(cell) for cell in row]


def _cell(cell: Any) -> Any:
    value = cell.value
    if value is None:
        return None
    kind = cell.data_type
    if kind == "f":
        return Unusable(FORMULA.fill(cell=cell.coordinate))
    if kind == "e":
        return Unusable(
            T("单元格 {cell} 是错误值 {value}", "Cell {cell} holds the error {value}").fill(
                cell=cell.coordinate, value=str(value)[:20]
            )
        )
    if isinstance(value, str | int | float | bool | datetime | date):
        if isinstance(value, str) and value[:1] == "'" and value[1:2] in tuple(RISKY):
            return value[1:]
        return value
    if isinstance(value, time | timedelta):
        return str(value)
    return str(value)


def _scan(archive: zipfile.ZipFile, path: str) -> list[str]:
    """Read a sheet's XML as a stream, before any parser builds it: return merged ranges, refuse giant rows."""
    tail = b""
    found: list[str] = []
    since = 0
    with archive.open(path) as stream:
        while block := stream.read(2**18):
            window = tail + block
            if len(found) < 5 and b"mergeCell" in window:
                found += [ref for raw in _MERGED.findall(window) if (ref := raw.decode()) not in found]
            tail = window[-200:]
            ended = block.rfind(b"</row>")
            since = len(block) - ended if ended >= 0 else since + len(block)
            if since > ROW_BYTES:
                raise TooLarge(
                    T("表中有一行过大，不能接收", "One row of the sheet is too large"), code="zip-bomb"
                )
    return found


def _refuse_merged(found: Sequence[str]) -> None:
    if found:
        raise BadFile(
            T(
                "有合并的单元格：{cells}。请取消合并，每格填上自己的值",
                "There are merged cells: {cells}. Unmerge them and fill each with its own value",
            ).fill(cells=", ".join(found[:5]))
        )


def named_cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return raw cells as JSON can keep them until they are judged."""
    out: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Unusable):
            out[name] = {"zh": value.words.zh, "en": value.words.en}
        elif isinstance(value, datetime) and value.time() == time():
            out[name] = value.date().isoformat()
        elif isinstance(value, datetime | date):
            out[name] = value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
        else:
            out[name] = value
    return out


def raw_cells(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `named_cells` kept."""
    return {n: Unusable(T(v["zh"], v["en"])) if isinstance(v, dict) else v for n, v in kept.items()}
