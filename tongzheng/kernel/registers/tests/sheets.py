"""Spreadsheets for tests, good and hostile."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import openpyxl

HEADER = ("名称*", "编号*", "区划*", "坝高", "建成日期")


def xlsx(
    *rows: Sequence[Any], header: Sequence[Any] | None = HEADER, merge: str = "", title: str = "表"
) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in ((header,) if header else ()) + rows:
        sheet.append(list(row))
    if merge:
        sheet.merge_cells(merge)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv(*rows: Sequence[Any], header: Sequence[Any] = HEADER, encoding: str = "utf-8-sig") -> bytes:
    lines = [",".join(str(c) for c in row) for row in (header, *rows)]
    return "\r\n".join(lines).encode(encoding)


def rezipped(body: bytes, **changes: bytes) -> bytes:
    """Return a zip with some parts replaced or added ("__" stands for "/")."""
    out = io.BytesIO()
    replaced = {name.replace("__", "/"): value for name, value in changes.items()}
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, replaced.pop(entry.filename, None) or old.read(entry))
        for name, value in replaced.items():
            new.writestr(name, value)
    return out.getvalue()


def part(body: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return archive.read(name)
