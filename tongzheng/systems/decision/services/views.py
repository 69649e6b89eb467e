"""The frozen things that the government service platform shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tongzheng.kernel.core.text import T

from .rules import Elements


@dataclass(frozen=True, slots=True)
class ItemView:
    """One version of an item. `promised` in working days; `elements` everything else that a guide shows."""

    key: str
    version: int
    title: T
    department: str
    department_title: T
    basic_code: str
    type: str
    type_title: T
    kind: str
    level: str
    promised: int
    valid_from: date
    elements: Elements

    @property
    def instant(self) -> bool:
        """Whether it is handled at once (即办件)."""
        return self.kind == "1"


@dataclass(frozen=True, slots=True)
class OfferView:
    """An office that handles an item in a region, with its implementation code."""

    item_key: str
    organisation_id: int
    organisation: T
    region: str
    region_title: T
    implementation_code: str
