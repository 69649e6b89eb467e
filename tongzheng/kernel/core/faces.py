"""What a package declares to be found on the faces: entries of the portal and of the workbench's navigation."""

from __future__ import annotations

from dataclasses import dataclass

from .text import T


@dataclass(frozen=True, slots=True)
class PortalEntry:
    """A way in for citizens and enterprises, shown on the portal's home page.

    `icon` is a name of the site's icon set (see /pieces/). `lane`: "entries" (the grid) or "life" (an event of
    life, with `summary` saying what it takes). Lower `order` comes first.
    """

    name: str
    title: T
    icon: str
    url: str
    order: int = 100
    summary: T | None = None
    lane: str = "entries"


@dataclass(frozen=True, slots=True)
class MatterPage:
    """Where citizens follow their own cases of one type: `url` with a place for `{number}`.

    `type_id` is the case type's full id; "" stands for every type that has no page of its own.
    """

    name: str
    type_id: str
    url: str


@dataclass(frozen=True, slots=True)
class PaperPage:
    """Where staff get the numbered documents of cases of one type: `url` with places for `{number}` and `{n}`.

    `type_id` is the case type's full id, `n` the number of the event that issued the document.
    """

    name: str
    type_id: str
    url: str


@dataclass(frozen=True, slots=True)
class WorkEntry:
    """A line of the workbench's navigation, shown to those who hold `action` ("" to all staff).

    `section` is the id of a heading in `SECTIONS`. Lower `order` comes first.
    """

    name: str
    title: T
    url: str
    action: str
    icon: str = "list"
    order: int = 100
    section: str = "work"


SECTIONS: dict[str, T] = {
    "work": T("办理", "Work"),
    "registers": T("台账", "Registers"),
    "data": T("数据", "Data"),
    "manage": T("管理", "Administration"),
}
"""The headings of the workbench's navigation, in order."""
