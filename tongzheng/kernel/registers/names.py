"""What regions and organisations are called, asked of identity in bulk, and found again by what people write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.text import T, same
from tongzheng.kernel.identity import api as identity

from .kinds import Column
from .rules import Slip, narrow
from .tables import Table

YES, NO = T("是", "Yes"), T("否", "No")


class Names:
    """Names for one piece of work: a page, an export, an import. Remembers what it asked."""

    def __init__(self) -> None:
        self._regions: dict[str, T | None] = {}
        self._organisations: dict[int, T | None] = {}
        self._written: dict[str, int | None] = {}
        self._called: dict[str, str | None] = {}

    def region(self, text: str) -> str | None:
        """Return the code that begins `text` ("141102" or "141102 离石区"), or that of the region so called.

        Raises Slip when several are called so.
        """
        found = re.match(r"\d{2,12}", narrow(text))
        if not found:
            return self._by_name(narrow(text))
        code = found[0]
        if code not in self._regions:
            view = identity.region(code)
            self._regions[code] = view.title if view else None
        return code if self._regions[code] else None

    def _by_name(self, text: str) -> str | None:
        if text not in self._called:
            found = [r for r in identity.regions(words=text, limit=20) if text in (r.name, r.latin)]
            if len(found) > 1:
                raise Slip(
                    T(
                        "有 {n} 个地方叫“{text}”，请填区划代码",
                        "{n} places are called “{text}”; give the region code",
                    ).fill(n=len(found), text=text)
                )
            self._called[text] = found[0].code if found else None
        return self._called[text]

    def organisation(self, text: str) -> int | None:
        """Return the id of the organisation with that USCC, full name or id. Raises Slip when several fit."""
        text = narrow(text)
        if text not in self._written:
            self._written[text] = self._find(text)
        return self._written[text]

    def _find(self, text: str) -> int | None:
        if text.isdecimal() and len(text) < 16:
            view = identity.organisation(int(text))
            return view.id if view else None
        if re.fullmatch(r"[0-9A-Za-z]{18}", text):
            found = identity.organisations(uscc=text, limit=1)
            return found[0].id if found else None
        named = [
            o for o in identity.organisations(words=text, limit=20) if text in (o.name, o.english, o.short)
        ]
        if len(named) > 1:
            raise Slip(
                T(
                    "有 {n} 个单位叫“{text}”，请填统一社会信用代码",
                    "{n} organisations are called “{text}”; give the social credit code",
                ).fill(n=len(named), text=text)
            )
        return named[0].id if named else None

    def learn(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Ask for every name that these rows will need, in at most one statement a kind."""
        regions: set[str] = set()
        organisations: set[int] = set()
        for name, col in table.cols.items():
            if col.column.kind == "region" and not col.use:
                regions.update(str(r[name]) for r in rows if r.get(name))
            elif col.column.kind == "organisation":
                organisations.update(int(r[name]) for r in rows if r.get(name) is not None)
        organisations -= self._organisations.keys()
        if organisations:
            for view in identity.organisations(ids=tuple(organisations), limit=len(organisations)):
                self._organisations[view.id] = view.title
            for missing in organisations - self._organisations.keys():
                self._organisations[missing] = None
        regions -= self._regions.keys()
        if regions:
            self._regions.update(region_titles(regions))

    def show(self, column: Column, value: Any) -> str:
        """Return a value as a person reads it, in the current language. Names must have been learnt."""
        if value is None or value == "":
            return ""
        if column.sealed:
            return str(value)
        match column.kind:
            case "choice":
                return str(dict(column.choices).get(str(value), value))
            case "bool":
                return str(YES if value else NO)
            case "region":
                return str(self._regions.get(str(value)) or value)
            case "organisation":
                return str(self._organisations.get(value) or same(f"#{value}"))
        return written(column, value)

    def export(self, column: Column, value: Any) -> Any:
        """Return a value for a spreadsheet: as shown, but a region with its code, so that it can come back."""
        if column.kind == "region" and not column.sealed and value:
            title = self._regions.get(str(value))
            return f"{value} {title}" if title else str(value)
        if isinstance(value, int | Decimal | date) and column.kind in ("integer", "decimal", "money", "date"):
            return value
        return self.show(column, value)


def region_titles(codes: Iterable[str]) -> dict[str, T | None]:
    """Return the titles of region codes, None for those that do not exist; found ones are remembered.

    Names of regions are renewed only by a new release's lists, so a process may remember them.
    """
    wanted = list(codes)
    lacking = sorted({code for code in wanted if code not in _KNOWN})
    for start in range(0, len(lacking), 500):
        for view in identity.regions(codes=lacking[start : start + 500], limit=500):
            _KNOWN[view.code] = view.title
    return {code: _KNOWN.get(code) for code in wanted}


_KNOWN: dict[str, T] = {}


def written(column: Column, value: Any) -> str:
    """Return a stored value as text: dates and moments of China, numbers exactly."""
    if isinstance(value, datetime):
        return value.astimezone(clock.CHINA).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, Decimal):
        return f"{value:,.2f}" if column.kind == "money" else format(value, "f")
    return str(value)
