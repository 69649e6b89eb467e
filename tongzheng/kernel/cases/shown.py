"""Kept forms made readable again: rows in both languages, entries to edit, JSON for programs. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tongzheng.kernel.core.text import T, same

from .entries import Lookup
from .forms import accepted
from .kinds import Field


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a filled form: `masked` tells that the value is personal and hidden."""

    name: str
    title: T
    kind: str
    text: T
    masked: bool = False
    personal: bool = False
    files: tuple[Mapping[str, Any], ...] = ()
    point: tuple[float, float] | None = None


def shown(
    fields: Sequence[Field],
    facts: Mapping[str, Any],
    *,
    masks: Mapping[str, str] | None = None,
    revealed: Mapping[str, Any] | None = None,
    lookup: Lookup | None = None,
) -> tuple[Row, ...]:
    """Return the rows of a kept form, in the form's order; values of fields since removed come last.

    Args: facts, open values; masks, what to show of personal ones; revealed, personal values in clear.
    """
    masks, revealed = masks or {}, revealed or {}
    rows: list[Row] = []
    for field in fields:
        if field.name in revealed or field.name in facts:
            value = revealed.get(field.name, facts.get(field.name))
            held = value if isinstance(value, list) else [value]
            files = tuple(f for f in held if isinstance(f, Mapping) and "name" in f)
            files = files if field.kind in ("file", "files") else ()
            point = _point(value)
            words = _words(field, value, lookup)
            rows.append(Row(field.name, field.title, field.kind, words, False, field.personal, files, point))
        elif field.name in masks:
            rows.append(Row(field.name, field.title, field.kind, same(masks[field.name]), True, True))
    known = {field.name for field in fields}
    rows += [
        Row(name, same(name), "text", same(str(value))) for name, value in facts.items() if name not in known
    ]
    return tuple(rows)


def _point(value: Any) -> tuple[float, float] | None:
    if not isinstance(value, Mapping):
        return None
    lon, lat = value.get("lon"), value.get("lat")
    return (float(lon), float(lat)) if isinstance(lon, int | float) and isinstance(lat, int | float) else None


def _words(field: Field, value: Any, lookup: Lookup | None) -> T:
    try:
        return _said(field, value, lookup)
    except (ValueError, TypeError, KeyError, AttributeError):
        return same(str(value))  # kept under an older form of the same name: show it as it is


def _said(field: Field, value: Any, lookup: Lookup | None) -> T:
    if field.kind == "money":
        amount = f"{Decimal(int(value)) / 100:,.2f}"
        return T(f"{amount} 元", f"¥{amount}")
    if field.kind == "bool":
        return T("是", "Yes") if value else T("否", "No")
    if field.kind == "choice":
        return dict(field.choices).get(str(value), same(str(value)))
    if field.kind == "choices":
        titles = [dict(field.choices).get(str(one), same(str(one))) for one in value]
        return T("、".join(t.zh for t in titles), ", ".join(t.en for t in titles))
    if field.kind == "date":
        year, month, day = (int(part) for part in str(value).split("-"))
        return T(f"{year} 年 {month} 月 {day} 日", str(value))
    if field.kind == "place":
        return same(str(value["address"]))
    if field.kind in ("file", "files"):
        held = value if isinstance(value, list) else [value]
        names = [str(f["name"]) for f in held]
        return T("、".join(names), ", ".join(names))
    if field.kind == "region":
        return same((lookup and lookup.region_name(str(value))) or str(value))
    if field.kind == "organisation":
        return same((lookup and lookup.organisation_name(int(value))) or str(value))
    return same(str(value))


def typed(fields: Sequence[Field], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return kept values as they would be typed, to fill the form again; validating them gives them back."""
    return {field.name: _typed(field, kept[field.name]) for field in fields if field.name in kept}


def _typed(field: Field, value: Any) -> Any:
    if field.kind == "money":
        return f"{Decimal(int(value)) / 100:.2f}"
    if field.kind == "bool":
        return "true" if value else "false"
    if field.kind in ("integer", "organisation"):
        return str(value)
    return value


def described(fields: Sequence[Field]) -> list[dict[str, Any]]:
    """Return a form as JSON for programs: every field with its rule, its words in both languages."""
    return [_described(field) for field in fields]


def _described(field: Field) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": field.name,
        "title": field.title.to_json(),
        "kind": field.kind,
        "required": field.required,
        "personal": field.personal,
    }
    if field.kind in ("text", "long", "place"):
        body["max_length"] = field.max_length
    if field.help:
        body["help"] = field.help.to_json()
    if field.choices:
        body["choices"] = [{"value": name, "title": title.to_json()} for name, title in field.choices]
    if field.when:
        body["when"] = {"field": field.when[0], "value": field.when[1]}
    if endings := accepted(field):
        body["accept"] = list(endings)
    for name in ("minimum", "maximum", "pattern", "prefill", "basis"):
        if (value := getattr(field, name)) not in (None, ""):
            body[name] = value
    return body
