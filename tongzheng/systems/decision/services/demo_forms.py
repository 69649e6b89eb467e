"""What the demo city's applicants write and attach: valid, invented, the same from the same seed."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image, ImageDraw

from tongzheng.kernel.cases.kinds import Field
from tongzheng.kernel.core.codes import id_check, make_uscc
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from .views import ItemView

TEXTS: dict[str, Any] = tomllib.loads(
    (Path(__file__).parent / "data" / "demo.toml").read_text(encoding="utf-8")
)
WORDS: dict[str, list[str]] = TEXTS["words"]
TEXT: dict[str, list[str]] = TEXTS["text"]
WEIGHT: dict[str, int] = TEXTS["weight"]
SEASON: dict[str, list[int]] = TEXTS["season"]
SEASONS: dict[str, str] = TEXTS["seasons"]
PATTERNED = {
    "equipment_code": "3110140001{n:04d}",
    "project_code": "2511-141102-04-01-{n:06d}",
    "bank_account": "62284814{n:011d}",
    "industry_code": "C25{n:02d}",
}


@dataclass(frozen=True, slots=True)
class Invented:
    """A person of the demo city; the number passes its check digits and belongs to nobody."""

    name: str
    id_number: str
    phone: str


def invented_person(random: Random, *, family: str = "") -> Invented:
    """Return an invented person, of a family name if one is given."""
    born = date(1955, 1, 1) + timedelta(days=random.randrange(50 * 365))
    first = f"141100{born:%Y%m%d}{random.randrange(1000):03d}"
    return Invented(
        (family or random.choice(WORDS["family"])) + random.choice(WORDS["given"]),
        first + id_check(first),
        f"1980001{random.randrange(10_000):04d}",
    )


def values(
    item: ItemView, random: Random, person: Invented, town: identity.RegionView, today: date
) -> dict[str, Any]:
    """Return a sound filling of an item's form."""
    return {
        field.name: _value(field, random, person, town, today)
        for field in item.elements.fields
        if field.required or random.random() < 0.5
    }


def _value(field: Field, random: Random, person: Invented, town: identity.RegionView, today: date) -> Any:
    if field.name in TEXT:
        return random.choice(TEXT[field.name])
    if field.name in PATTERNED:
        return PATTERNED[field.name].format(n=random.randrange(100))
    known = {
        "person.name": person.name,
        "person.id_number": person.id_number,
        "person.phone": person.phone,
        "enterprise.name": random.choice(WORDS["firm"]),
    }
    if field.prefill in known:
        return known[field.prefill]
    if field.kind in ("choice", "choices"):
        code = random.choice(field.choices)[0]
        return [code] if field.kind == "choices" else code
    if field.kind == "id_number":
        return invented_person(random).id_number
    if field.kind == "uscc":
        return make_uscc("91", "141100", f"{99_700_000 + random.randrange(200_000)}")
    if field.kind == "phone":
        return person.phone
    if field.kind == "region":
        return town.code
    if field.kind == "place":
        return f"{town.name}{random.choice(WORDS['street'])}{random.randrange(1, 120)}号"
    if field.kind == "date":
        past = field.name in ("newborn_date", "licence_date")
        return (today + timedelta(days=random.randrange(10, 25) * (-1 if past else 1))).isoformat()
    if field.kind in ("integer", "decimal", "money"):
        least = int(field.minimum or 1)
        most = min(int(field.maximum or 200_000), max(least * 50, 60 if field.kind != "money" else 500_000))
        return str(random.randrange(max(least, 1), max(most, least + 2)))
    if field.name == "trade_name":
        return random.choice(WORDS["trade"])
    return invented_person(random).name


@dataclass(frozen=True, slots=True)
class Files:
    """One small real picture for each material, kept once and used by every application."""

    kept: dict[str, ledger.FileView]

    @classmethod
    def drawn(cls, items: Iterable[ItemView]) -> Files:
        """Draw and keep them."""
        kept: dict[str, ledger.FileView] = {}
        for item in items:
            for material in item.elements.materials:
                if material.uploaded and material.name not in kept:
                    name = f"{material.title.zh}.png"
                    kept[material.name] = ledger.keep_file(_sheet(material.name), name=name)
        return cls(kept)

    def of(self, item: ItemView) -> tuple[tuple[str, ledger.FileView], ...]:
        """Return what an applicant attaches, by the form's entries."""
        return tuple((f"material_{m.name}", self.kept[m.name]) for m in item.elements.materials if m.uploaded)


def _sheet(name: str) -> bytes:
    """Return a picture of a written sheet, another for each name."""
    random = Random(name)
    page = Image.new("L", (210, 297), 250)
    draw = ImageDraw.Draw(page)
    draw.rectangle((14, 14, 195, 282), outline=90)
    for line in range(34, 270, 12):
        draw.line((24, line, 24 + random.randrange(60, 160), line), fill=120, width=3)
    file = io.BytesIO()
    page.save(file, "PNG")
    return file.getvalue()
