"""Items: kept in versions, loaded from data, found by everyday words, offered by offices."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Missing
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from .manifest import ITEM_TYPES
from .models import Item, Offer
from .rules import DEPARTMENTS, elements_of, found_by, in_order, item_faults, text
from .views import ItemView, OfferView

DATA = Path(__file__).parent / "data"
CITY = "141100"

_TYPES = dict(ITEM_TYPES)
_COLUMNS = (
    "key",
    "name",
    "department",
    "basic",
    "type",
    "kind",
    "level",
    "promised",
    "valid_from",
    "valid_to",
)


def read_items(folder: Path = DATA) -> list[dict[str, Any]]:
    """Return the items of a folder of TOML, each with the fields and materials that it names put in.

    Raises KeyError naming an entry or material that the folder does not have.
    """
    fields, materials, items = (
        tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
        for name in ("fields", "materials", "items")
    )
    return [
        {
            **item,
            "fields": {name: fields[name] for name in item["fields"]},
            "materials": {name: materials[name] for name in item["materials"]},
        }
        for item in items["item"]
    ]


@transaction.atomic
def load_items(items: Iterable[Mapping[str, Any]], *, actor: identity.Actor) -> int:
    """Bring items into force; an item whose substance differs from the version in use becomes a new version.

    Args: items as `read_items` returns them. Returns how many versions were written; loading the same again writes
    none. Raises Refused, Invalid naming the first unsound item.
    """
    identity.require(actor, "services.manage_items")
    current = {item.key: item for item in Item.objects.filter(valid_to__isnull=True).select_for_update()}
    written = 0
    for raw in items:
        kept = {k: v for k, v in raw.items() if k not in _COLUMNS}
        kept |= {name: list(in_order(raw[name])) for name in ("fields", "materials")}
        elements = json.loads(json.dumps(kept, default=str))
        row = Item(
            key=raw["key"],
            name=raw["name"][0],
            name_en=raw["name"][1],
            department=raw["department"],
            basic_code=raw["basic"],
            type=raw["type"],
            kind=raw.get("kind", "2"),
            level=raw["level"],
            statutory=raw["statutory"][0],
            promised=raw["promised"][0],
            visits=raw.get("visits", 0),
            valid_from=raw["valid_from"],
            elements=elements,
        )
        for fault in item_faults(row.kind, row.promised, elements_of(elements)):
            raise Invalid(
                T("事项“{name}”：{fault}", "Item “{name}”: {fault}").fill(name=text(raw["name"]), fault=fault)
            )
        before = current.get(row.key)
        if before is not None:
            if _substance(before) == _substance(row):
                continue
            row.version = before.version + 1
            row.valid_from = max(clock.today(), before.valid_from)
            Item.objects.filter(pk=before.pk).update(valid_to=row.valid_from)
        row.save(force_insert=True)
        ledger.append(
            act="services.item",
            subject=f"services.items:{row.pk}",
            actor=actor.id,
            label=actor.label,
            body={"key": row.key, "version": row.version, "valid_from": row.valid_from.isoformat()},
        )
        written += 1
    return written


def _substance(item: Item) -> tuple[Any, ...]:
    names = (
        "name",
        "name_en",
        "department",
        "basic_code",
        "type",
        "kind",
        "level",
        "statutory",
        "promised",
        "visits",
    )
    return (*(getattr(item, name) for name in names), json.dumps(item.elements, sort_keys=True))


@transaction.atomic
def offer_item(key: str, *, actor: identity.Actor, organisation: int, region: str) -> str:
    """Have an office handle an item in its region; returns the implementation code. Doing it twice is as once.

    The code is the office's credit code, the level and the item's basic code (GB/T 39554.1-2020).
    Raises Refused, Missing.
    """
    identity.require(actor, "services.manage_items", organisation=organisation, region=region)
    item = _version(key, clock.today())
    office = identity.organisation(organisation)
    if office is None:
        raise Missing(T("没有这个单位", "There is no such organisation"))
    code = f"{office.uscc}{level_of(region)}{item.basic_code}"
    offer, fresh = Offer.objects.get_or_create(
        item_key=key,
        region=region,
        defaults={"organisation_id": organisation, "implementation_code": code},
    )
    if fresh:
        ledger.append(
            act="services.offer",
            subject=f"services.offer:{offer.pk}",
            actor=actor.id,
            label=actor.label,
            body={"item": key, "organisation": organisation, "region": region, "code": code},
        )
    return offer.implementation_code


@transaction.atomic
def offer_items(rows: Iterable[tuple[str, int, str]], *, actor: identity.Actor) -> int:
    """Have many offices handle items at once and return how many offers are new; doing it twice is as once.

    Args: rows, (item key, organisation, region). One ledger entry for all. Raises Refused, Missing.
    """
    wanted = list(rows)
    basic = {
        one.key: one.basic_code
        for one in Item.objects.filter(valid_to__isnull=True, key__in={key for key, _, _ in wanted})
    }
    offices = {
        body.id: body for body in identity.organisations(ids=sorted({o for _, o, _ in wanted}), limit=5000)
    }
    for organisation, region in {(organisation, region) for _, organisation, region in wanted}:
        identity.require(actor, "services.manage_items", organisation=organisation, region=region)
    if any(key not in basic or organisation not in offices for key, organisation, _ in wanted):
        raise Missing(T("没有这个事项或单位", "There is no such item or organisation"))
    known = set(Offer.objects.values_list("item_key", "region"))
    fresh = [
        Offer(
            item_key=key,
            region=region,
            organisation_id=organisation,
            implementation_code=f"{offices[organisation].uscc}{level_of(region)}{basic[key]}",
        )
        for key, organisation, region in wanted
        if (key, region) not in known
    ]
    if fresh:
        Offer.objects.bulk_create(fresh, batch_size=500)
        ledger.append(
            act="services.offer",
            subject="services.offer",
            actor=actor.id,
            label=actor.label,
            body={"count": len(fresh), "offices": len({one.organisation_id for one in fresh})},
        )
    return len(fresh)


def level_of(region: str) -> str:
    """Return the level of an office's power by where it is: "3" city, "4" county (GB/T 39554.1-2020)."""
    return "3" if region.endswith("00") else "4"


def _version(key: str, day: date) -> Item:
    found = (
        Item.objects.filter(key=key, state="1", valid_from__lte=day)
        .exclude(valid_to__lte=day)
        .order_by("-version")[:1]
    )
    for item in found:
        return item
    raise Missing(T("没有这个事项，或已不再办理", "There is no such item, or it is no longer handled"))


def item(key: str, *, day: date | None = None) -> ItemView:
    """Return the version of an item in force on a day (today if none). Raises Missing."""
    return _view(_version(key, day or clock.today()))


def item_of_case(subject: str) -> ItemView:
    """Return the version of an item that a case is about, by the case's subject. Raises Missing."""
    kind, _, rest = subject.partition(":")
    key, _, version = rest.partition("@")
    row = Item.objects.filter(key=key, version=int(version)).first() if version.isdecimal() else None
    if kind != "services.item" or row is None:
        raise Missing(T("没有这个事项", "There is no such item"))
    return _view(row)


def office_of(key: str, region: str) -> int | None:
    """Return the organisation that handles an item in a region, or None."""
    return (
        Offer.objects.filter(item_key=key, region=region, is_active=True)
        .values_list("organisation_id", flat=True)
        .first()
    )


def items(*, words: str = "", department: str = "", day: date | None = None) -> tuple[ItemView, ...]:
    """Return the items in force that a citizen's words mean, by department and name; all for no words."""
    day = day or clock.today()
    rows = (
        Item.objects.filter(state="1", valid_from__lte=day)
        .exclude(valid_to__lte=day)
        .order_by("department", "key")
    )
    if department:
        rows = rows.filter(department=department)
    views = (_view(row) for row in rows[:1000])
    return tuple(v for v in views if found_by(words, v.title.zh, v.title.en, v.elements))


def offers(key: str) -> tuple[OfferView, ...]:
    """Return the offices that handle an item, by region."""
    return _shown(list(Offer.objects.filter(item_key=key, is_active=True).order_by("region")))


def offers_of(organisations: Iterable[int]) -> tuple[OfferView, ...]:
    """Return what these offices handle, by item."""
    found = Offer.objects.filter(organisation_id__in=list(organisations), is_active=True)
    return _shown(list(found.order_by("item_key", "region")))


def _shown(found: list[Offer]) -> tuple[OfferView, ...]:
    offices = {
        body.id: body for body in identity.organisations(ids=[o.organisation_id for o in found], limit=500)
    }
    places = _places()
    return tuple(
        OfferView(
            o.item_key,
            o.organisation_id,
            offices[o.organisation_id].title,
            o.region,
            places[o.region].title,
            o.implementation_code,
        )
        for o in found
        if o.organisation_id in offices and o.region in places
    )


def _places() -> dict[str, identity.RegionView]:
    city = identity.region(CITY)
    return {
        place.code: place for place in (*([city] if city else ()), *identity.regions(parent=CITY, limit=100))
    }


def _view(row: Item) -> ItemView:
    return ItemView(
        key=row.key,
        version=row.version,
        title=T(row.name, row.name_en),
        department=row.department,
        department_title=DEPARTMENTS.get(row.department, T(row.department, row.department)),
        basic_code=row.basic_code,
        type=row.type,
        type_title=_TYPES.get(row.type, T(row.type, row.type)),
        kind=row.kind,
        level=row.level,
        promised=row.promised,
        valid_from=row.valid_from,
        elements=elements_of(row.elements),
    )
