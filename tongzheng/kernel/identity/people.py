"""Natural persons: entered once, found by exact number, shown masked, unmasked only for a purpose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from tongzheng.kernel.core import clock, codes
from tongzheng.kernel.core.errors import Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.sealing import blind, seal, unseal
from tongzheng.kernel.core.text import T
from tongzheng.kernel.ledger.api import append

from .actors import may, require
from .models import Person
from .places import known_region
from .views import Actor, PersonView

FIELDS = ("name", "id_number", "phone", "address")
_SELECT = "SELECT id, name_masked, id_number_masked, phone_masked, region, sex FROM identity_person WHERE "
_ID_SLIPS = {
    "shape": T("身份证号应为 18 位", "A resident ID number has 18 characters"),
    "date": T("身份证号中的出生日期有误", "The birth date in the ID number is wrong"),
    "check": T("身份证号校验位不符，请核对", "The ID number's check character does not fit; please compare"),
}


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person to be entered, in plain text; nothing of it is stored unsealed."""

    name: str
    id_number: str
    phone: str = ""
    address: str = ""
    region: str = ""


def person(id: int) -> PersonView | None:
    """Return the person of that id, masked, or None."""
    with connection.cursor() as cursor:
        cursor.execute(_SELECT + "id = %s", [id])
        row = cursor.fetchone()
    return PersonView(*row) if row else None


def find_person(*, id_number: str | None = None, phone: str | None = None) -> tuple[PersonView, ...]:
    """Return the persons with exactly this ID number, or this phone, masked, at most 20 (a phone may be shared).

    No permission is asked: the caller already knows the number. Pages that let people try numbers ask
    identity.search first.
    """
    if id_number:
        where, key = "id_number_blind = %s", blind(tidy_id(id_number), use="person.id_number")
    elif phone:
        where, key = "phone_blind = %s", blind(tidy_phone(phone), use="person.phone")
    else:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(_SELECT + where + " ORDER BY id LIMIT 20", [key])
        return tuple(PersonView(*row) for row in cursor.fetchall())


def register_person(
    *,
    actor: Actor,
    name: str,
    id_number: str,
    phone: str = "",
    address: str = "",
    region: str = "",
) -> PersonView:
    """Enter a person, or return the one who already has this ID number, unchanged. Raises Refused, Invalid.

    Rule: resident ID by GB 11643; an unknown region inside the number is no fault, people keep old numbers.
    """
    (id,) = register_persons(actor=actor, rows=[NewPerson(name, id_number, phone, address, region)])
    found = person(id)
    assert found is not None
    return found


def register_persons(*, actor: Actor, rows: Sequence[NewPerson]) -> tuple[int, ...]:
    """Enter many persons at once and return their ids in order; one ledger entry; all or nothing.

    Raises Refused without identity.register there, Invalid with the bad rows named "3.id_number".
    """
    rows = [_tidy(row) for row in rows]
    for place in sorted({row.region for row in rows}):
        require(actor, "identity.register", region=place or None)
        if place:
            known_region(place)
    check_persons(rows)
    blinds = [blind(row.id_number, use="person.id_number") for row in rows]
    with transaction.atomic():
        known = _known(blinds)
        fresh = {key: row for key, row in zip(blinds, rows, strict=True) if key not in known}
        if fresh:
            moment = clock.now()
            Person.objects.bulk_create(
                [_made(row, key, moment) for key, row in fresh.items()], ignore_conflicts=True, batch_size=500
            )
            known = _known(blinds)
            ids = sorted(known[key] for key in fresh)
            append(
                act="identity.register_person",
                subject=f"identity.person:{ids[0]}" if len(ids) == 1 else "identity.person",
                actor=actor.id,
                label=actor.label,
                body={"count": len(ids), "first": ids[0], "last": ids[-1]},
            )
    return tuple(known[key] for key in blinds)


def reveal(
    *, actor: Actor, person_id: int, fields: Iterable[str], purpose: str, case: str = ""
) -> dict[str, str]:
    """Return a person's fields in plain text and record who saw which, for which purpose and case.

    Args: fields, of name, id_number, phone, address; purpose, in words, at least 4 characters; case, its number.
    People may always see their own. Raises Invalid without a purpose, Refused without identity.reveal there,
    Missing. Rule: Personal Information Protection Law, articles 34 and 51; decision record 0011.
    """
    wanted = tuple(dict.fromkeys(fields))
    purpose, case = purpose.replace("\0", "").strip(), case.replace("\0", "").strip()[:40]
    slips: dict[str, T] = {}
    if not wanted or any(name not in FIELDS for name in wanted):
        slips["fields"] = T("没有这些信息项", "There are no such fields")
    if not 4 <= len(purpose) <= 200:
        slips["purpose"] = T("请写明用途（4 至 200 字）", "State the purpose (4 to 200 characters)")
    if slips:
        raise Invalid(fields=slips)
    if not actor.signed_in and actor.kind != "system":
        raise SignInNeeded()
    with transaction.atomic():
        found = Person.objects.filter(pk=person_id).first()
        own = found is not None and actor.person_id == person_id
        if not own:
            verdict = may(actor, "identity.reveal", region=(found.region or None) if found else None)
            if not verdict:
                raise Refused(verdict.why)
        if found is None:
            raise Missing()
        append(
            act="identity.reveal",
            subject=f"identity.person:{person_id}",
            actor=actor.id,
            label=actor.label,
            body={"fields": list(wanted), "purpose": purpose, "case": case, "own": own},
        )
        return {name: unseal(getattr(found, f"{name}_sealed"), use=f"person.{name}") for name in wanted}


def tidy_name(name: str) -> str:
    """Return a name as it is stored: no blanks in a Chinese one, single ones in another."""
    parts = name.replace("\0", "").split()
    return " ".join(parts) if name.isascii() else "".join(parts)


def tidy_id(number: str) -> str:
    """Return an ID number as it is stored: no blanks, capital X."""
    return "".join(number.split()).upper()


def tidy_phone(number: str) -> str:
    """Return a phone number as it is stored: digits only, without the country."""
    plain = "".join(c for c in number if c.isdigit())
    return plain[2:] if len(plain) == 13 and plain.startswith("861") else plain


def check_persons(rows: Sequence[NewPerson]) -> None:
    """Raise Invalid naming every field that breaks a rule."""
    slips: dict[str, T] = {}
    today = clock.today()
    for number, row in enumerate(rows, 1):
        at = f"{number}." if len(rows) > 1 else ""
        if not 2 <= len(row.name) <= 50 or any(c.isdigit() for c in row.name):
            slips[f"{at}name"] = T("请填写姓名（2 至 50 字）", "Enter the name (2 to 50 characters)")
        if slip := codes.id_slip(row.id_number, today=today):
            slips[f"{at}id_number"] = _ID_SLIPS[slip]
        if row.phone and codes.phone_slip(row.phone):
            slips[f"{at}phone"] = T("电话号码不正确", "This is not a phone number")
        if len(row.address) > 200:
            slips[f"{at}address"] = T("地址最多 200 字", "An address has at most 200 characters")
    if slips:
        raise Invalid(fields=slips)


def _tidy(row: NewPerson) -> NewPerson:
    return NewPerson(
        tidy_name(row.name),
        tidy_id(row.id_number),
        tidy_phone(row.phone) if row.phone and not codes.phone_slip(row.phone) else row.phone.strip(),
        " ".join(row.address.replace("\0", "").split()),
        row.region.strip(),
    )


def _made(row: NewPerson, key: bytes, moment: datetime) -> Person:
    return Person(
        name_sealed=seal(row.name, use="person.name"),
        name_masked=codes.masked_name(row.name),
        id_number_sealed=seal(row.id_number, use="person.id_number"),
        id_number_blind=key,
        id_number_masked=codes.masked_id(row.id_number),
        phone_sealed=seal(row.phone, use="person.phone"),
        phone_blind=blind(row.phone, use="person.phone") if row.phone else None,
        phone_masked=codes.masked_phone(row.phone) if row.phone else "",
        address_sealed=seal(row.address, use="person.address"),
        region=row.region,
        sex=codes.sex_of(row.id_number),
        registered_at=moment,
    )


def _known(blinds: Sequence[bytes]) -> dict[bytes, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id_number_blind, id FROM identity_person WHERE id_number_blind = ANY(%s)", [list(blinds)]
        )
        return {bytes(key): id for key, id in cursor.fetchall()}
