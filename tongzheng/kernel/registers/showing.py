"""What the pages show: rows as cells of words, forms as fields, a list's address as conditions. No statement here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from django.http import QueryDict
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from tongzheng.kernel.core.text import T

from .kinds import Column
from .names import Names, written
from .queries import RANGED
from .shapes import ChangeView, RowView
from .tables import Table

NUMBERS = ("integer", "decimal", "money")
BRIEF = ("date", "datetime", "id_number", "uscc", "phone", "code", "bool")
NONE = '<span class="none">—</span>'
YES_NO = (("1", T("是", "Yes")), ("0", T("否", "No")))
ACTS: dict[str, tuple[T, str]] = {
    "create": (T("登记", "Registered"), "done"),
    "update": (T("修改", "Changed"), ""),
    "bulk": (T("批量修改", "Changed in bulk"), ""),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list's address asks for."""

    words: str = ""
    filters: Mapping[str, Any] = field(default_factory=dict)
    sort: str = ""
    columns: tuple[str, ...] = ()
    after: str = ""

    def query(self, **changes: Any) -> str:
        """Return the address's query for the same list with some parts changed, on its first page."""
        given: dict[str, Any] = {
            "words": self.words,
            "sort": self.sort,
            **{f"f.{k}": v for k, v in self.filters.items()},
            "c": list(self.columns),
            **changes,
        }
        return urlencode({k: v for k, v in given.items() if v}, doseq=True)

    def kept(self) -> dict[str, Any]:
        """Return what a saved view keeps."""
        return {
            "words": self.words,
            "filters": dict(self.filters),
            "sort": self.sort,
            "columns": list(self.columns),
        }


def asked(query: QueryDict) -> Asked:
    """Return what an address asks for: words, sort, after, `f.<filter>`, and `c` for each column shown."""
    filters: dict[str, Any] = {}
    for key in query:
        if key.startswith("f."):
            values = [v for v in query.getlist(key) if v.strip()]
            if values:
                filters[key[2:]] = values[0] if len(values) == 1 else values
    for key in [k for k in filters if k.endswith("_words")]:
        words = filters.pop(key)
        filters.setdefault(key.removesuffix("_words"), words)
    return Asked(
        words=query.get("words", "").strip()[:200],
        filters=filters,
        sort=query.get("sort", ""),
        columns=tuple(query.getlist("c")),
        after=query.get("after", ""),
    )


def from_saved(query: Mapping[str, Any]) -> Asked:
    """Return what a saved view asks for."""
    return Asked(
        str(query.get("words", "")),
        dict(query.get("filters", {})),
        str(query.get("sort", "")),
        tuple(query.get("columns", ())),
    )


def chosen(table: Table, names: Iterable[str]) -> list[Column]:
    """Return the columns to show: those asked for, else the declared default."""
    wanted = [n for n in names if n in table.cols]
    if wanted:
        return [c.column for n, c in table.cols.items() if n in wanted]
    return [c.column for c in table.cols.values() if c.column.show]


def heads(table: Table, columns: Sequence[Column], ask: Asked) -> list[dict[str, Any]]:
    """Return the heads of a table: title, and how a click would sort."""
    current = ask.sort or table.register.order
    out = []
    for column in columns:
        way = {column.name: "ascending", f"-{column.name}": "descending"}.get(current, "")
        following = f"-{column.name}" if current == column.name else column.name
        out.append(
            {
                "title": column.title,
                "sort": ask.query(sort=following) if column.sort else "",
                "way": way,
                "number": column.kind in NUMBERS,
            }
        )
    return out


def lines(
    table: Table, columns: Sequence[Column], rows: Sequence[RowView], names: Names
) -> list[dict[str, Any]]:
    """Return rows as a table shows them: pk, label, and the cells as HTML, of which the first is the link.

    A page has hundreds of cells; a template's loop over them took half of the page's time.
    """
    names.learn(table, [row.values for row in rows])
    opens = [
        (column, format_html('<td data-label="{}"{}>', column.title, mark_safe(_look(column))))  # noqa: S308
        for column in columns
    ]
    return [{"pk": row.pk, "label": row.label, "cells": _cells(table, opens, row, names)} for row in rows]


def _look(column: Column) -> str:
    return ' class="number"' if column.kind in NUMBERS else ' class="brief"' if column.kind in BRIEF else ""


def _cells(table: Table, opens: Sequence[tuple[Column, str]], row: RowView, names: Names) -> SafeString:
    parts: list[str] = []
    for place, (column, begin) in enumerate(opens):
        text = escape(names.show(column, row.values.get(column.name)))
        if place == 0:
            way = f"/registers/{table.id}/rows/{quote(row.pk, safe='')}/"
            text = f'<a href="{escape(way)}">{text or escape(row.label)}</a>'  # type: ignore[assignment]
        parts.append(f"{begin}{text or NONE}</td>")
    return mark_safe("".join(parts))  # noqa: S308 - every text and title in it was escaped above


def facts(
    table: Table, values: Mapping[str, Any], revealed: Mapping[str, str], names: Names
) -> list[tuple[T, str]]:
    """Return every column of a row with its words, sealed ones in clear if revealed."""
    return [
        (col.column.title, revealed.get(name) or names.show(col.column, values.get(name)))
        for name, col in table.cols.items()
    ]


def events(table: Table, history: Sequence[ChangeView]) -> list[dict[str, Any]]:
    """Return a row's history as a timeline: what became what."""
    out = []
    for change in history:
        title, tone = ACTS.get(change.act, (T(change.act, change.act), ""))
        parts = []
        if change.act != "create":
            for name, now in change.after.items():
                col = table.cols.get(name)
                if col is None:
                    continue
                was, new = (_plain(col.column, v) or "—" for v in (change.before.get(name), now))
                parts.append(f"{col.column.title}: {was} → {new}")
        if change.import_id:
            title = T(f"{title.zh}（导入 {change.import_id}）", f"{title.en} (import {change.import_id})")
        out.append(
            {"title": title, "who": change.label, "at": change.at, "note": "; ".join(parts), "tone": tone}
        )
    return out


def _plain(column: Column, value: Any) -> str:
    if value is None or value == "":
        return ""
    if column.kind == "choice":
        return str(dict(column.choices).get(str(value), value))
    if column.kind == "bool":
        return str(dict(YES_NO)["1" if value else "0"])
    return written(column, value)


def form_fields(
    table: Table,
    values: Mapping[str, Any],
    errors: Mapping[str, T],
    names: Names,
    *,
    creating: bool,
    typed: bool = False,
) -> list[dict[str, Any]]:
    """Return the fields of a form. `typed`: values are what a person typed, not what is stored."""
    out = []
    if not typed:
        names.learn(table, [values])
    for col in table.editable(creating=creating):
        column, value = col.column, values.get(col.column.name)
        given: dict[str, Any] = {
            "name": column.name,
            "title": column.title,
            "kind": FIELD_KINDS.get(column.kind, "text"),
            "required": (column.required or column.key) and (creating or not col.use),
            "help": column.help or "",
            "error": errors.get(column.name, ""),
            "choices": [(c, t) for c, t in column.choices],
            "maxlength": None if column.kind in ("region", "organisation", *NUMBERS) else col.spec.limit,
            "private": bool(col.use) or column.kind in ("id_number", "phone"),
            "url": "",
            "shown": "",
            "value": "" if value is None else value,
        }
        if column.kind in ("region", "organisation"):
            given["url"] = f"/registers/options/{column.kind}"
            given["shown"] = values.get(f"{column.name}_words", "") if typed else names.show(column, value)
        elif column.kind == "bool":
            given["choices"] = YES_NO
            if not typed:
                given["value"] = "" if value is None else "1" if value else "0"
        elif not typed:
            given["value"] = _entry(column, value)
        if col.use and not creating and not typed:
            given["value"] = ""
            if value:
                given["help"] = T("现为 {masked}，留空不改", "Now {masked}; leave empty to keep it").fill(
                    masked=value
                )
        out.append(given)
    return out


def _entry(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if column.kind == "datetime":
        return written(column, value).replace(" ", "T")
    return f"{value:f}" if column.kind in ("decimal", "money") else str(value)


FIELD_KINDS = {
    "long": "long",
    "integer": "number",
    "decimal": "number",
    "money": "number",
    "date": "date",
    "datetime": "datetime-local",
    "choice": "choice",
    "bool": "choice",
    "region": "combobox",
    "organisation": "combobox",
    "phone": "tel",
}


def filter_fields(table: Table, ask: Asked, names: Names) -> list[dict[str, Any]]:
    """Return the entries of the filter form."""
    out: list[dict[str, Any]] = []
    for name, col in table.cols.items():
        column = col.column
        if not column.filter:
            continue
        ends = (
            (("__from", T("起", "from")), ("__to", T("止", "to"))) if column.kind in RANGED else (("", None),)
        )
        for end, word in ends:
            value = ask.filters.get(name + end, "")
            value = value if isinstance(value, str) else ""
            kind = {"date": "date", "datetime": "date", "choice": "choice", "bool": "choice"}.get(
                column.kind, "combobox" if column.kind in ("region", "organisation") else "text"
            )
            title = (
                column.title
                if word is None
                else T(f"{column.title.zh}{word.zh}", f"{column.title.en} {word.en}")
            )
            shown = ""
            if kind == "combobox" and value:
                names.learn(
                    table,
                    [{name: int(value) if value.isdecimal() and column.kind == "organisation" else value}],
                )
                shown = names.show(
                    column, int(value) if column.kind == "organisation" and value.isdecimal() else value
                )
            out.append(
                {
                    "name": f"f.{name}{end}",
                    "title": title,
                    "kind": kind,
                    "value": value,
                    "choices": YES_NO if column.kind == "bool" else column.choices,
                    "url": f"/registers/options/{column.kind}" if kind == "combobox" else "",
                    "shown": shown,
                }
            )
    return out


def typed_values(table: Table, post: QueryDict, *, creating: bool) -> dict[str, Any]:
    """Return what a form sent, by column; an untouched sealed column of an existing row is left out."""
    out: dict[str, Any] = {}
    for col in table.editable(creating=creating):
        name = col.column.name
        if name not in post and f"{name}_words" not in post:
            continue
        value = post.get(name, "") or post.get(f"{name}_words", "")
        if col.use and not creating and not value.strip():
            continue
        out[name] = value
    return out
