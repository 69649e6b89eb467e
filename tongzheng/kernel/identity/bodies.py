"""Organisations: government bodies, townships, villages, institutions, enterprises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from tongzheng.kernel.core import codes
from tongzheng.kernel.core.errors import Conflict, Invalid
from tongzheng.kernel.core.text import T
from tongzheng.kernel.ledger.api import append

from .actors import require
from .models import Organisation
from .places import like, plain, spelled
from .views import Actor, OrganisationView

KINDS: dict[str, T] = {
    "government": T("政府部门", "Government"),
    "township": T("乡镇街道", "Township"),
    "village": T("村（社区）", "Village or community"),
    "institution": T("事业单位", "Institution"),
    "utility": T("公用企业", "Utility"),
    "enterprise": T("企业", "Enterprise"),
    "social": T("社会组织", "Social organisation"),
}
_SELECT = "SELECT id, name, short, uscc, kind, region, parent_id, english FROM identity_organisation WHERE "
_SLIPS = {
    "shape": T("应为 18 位数字和大写字母", "18 digits and capital letters are expected"),
    "date": T("日期有误", "The date is wrong"),
    "check": T("校验位不符，请核对", "The check character does not fit; please compare"),
}


@dataclass(frozen=True, slots=True)
class NewOrganisation:
    """A body to be entered. `parent` is the id of the body above; `uscc` "" if it has none."""

    name: str
    kind: str
    uscc: str
    region: str
    parent: int | None = None
    short: str = ""
    english: str = ""


def organisation(id: int) -> OrganisationView | None:
    """Return the organisation of that id, or None."""
    with connection.cursor() as cursor:
        cursor.execute(_SELECT + "id = %s", [id])
        row = cursor.fetchone()
    return OrganisationView(*row) if row else None


def organisations(
    *,
    kind: str | None = None,
    region: str | None = None,
    words: str = "",
    limit: int = 20,
    ids: Sequence[int] | None = None,
    uscc: str = "",
    parent: int | None = None,
) -> tuple[OrganisationView, ...]:
    """Return active organisations, best match first, at most `limit` (up to 5,000).

    Args: kind, one of government, township, village, institution, utility, enterprise, social; region, only those
    in it and below; words, part of name, short name, pinyin or initials, or the start of the USCC; ids, only
    these; uscc, exactly this; parent, only those directly beneath it.
    """
    where: list[str] = ["is_active"]
    params: list[int | str | list[int]] = []
    order: str = "id"
    first: list[str] = []
    words, uscc, region = words.replace("\0", ""), plain(uscc), plain(region or "")
    kind = None if kind is None else plain(kind)
    for test, value in (
        ("kind = %s", kind),
        ("parent_id = %s", parent),
        ("uscc = %s", uscc.strip().upper() or None),
    ):
        if value is not None:
            where.append(test)
            params.append(value)
    if region:
        where.append("region LIKE %s")
        params.append(codes.region_prefix(region) + "%")
    if ids is not None:
        where.append("id = ANY(%s)")
        params.append(list(ids))
    if words.strip():
        part = like(words)
        where.append("(name LIKE %s OR short LIKE %s OR pinyin LIKE %s OR uscc LIKE %s)")
        params += [f"%{part}%", f"%{part}%", f"%{part.lower()}%", f"{part.upper()}%"]
        order = "(short = %s OR name = %s) DESC, (short LIKE %s OR name LIKE %s) DESC, length(region), id"
        first = [words.strip(), words.strip(), f"{part}%", f"{part}%"]
    with connection.cursor() as cursor:
        cursor.execute(
            _SELECT + " AND ".join(where) + f" ORDER BY {order} LIMIT %s",
            (*params, *first, max(1, min(limit, 5000))),
        )
        return tuple(OrganisationView(*row) for row in cursor.fetchall())


def ensure_organisation(
    *,
    actor: Actor,
    name: str,
    kind: str,
    uscc: str,
    region: str,
    parent: int | None = None,
    short: str = "",
    english: str = "",
) -> OrganisationView:
    """Enter a body, or return the one that is already there (same USCC; without one, same region, kind and name).

    Raises Refused without identity.bodies there, Invalid for a wrong code, region, kind or parent.
    """
    row = NewOrganisation(name, kind, uscc, region, parent, short, english)
    (id,) = ensure_organisations(actor=actor, rows=[row])
    found = organisation(id)
    assert found is not None
    return found


def ensure_organisations(*, actor: Actor, rows: Sequence[NewOrganisation]) -> tuple[int, ...]:
    """Enter many bodies at once and return their ids in order; those already there are left as they are.

    One ledger entry for what was new. All or nothing. Raises as `ensure_organisation`, the bad rows named "3.uscc".
    """
    rows = [_tidy(row) for row in rows]
    for place in sorted({row.region for row in rows}):
        require(actor, "identity.bodies", region=place)
    parents = _paths({row.parent for row in rows if row.parent is not None})
    _check(rows, parents)
    with transaction.atomic():
        known = _known(rows)
        fresh = list({_key(row): row for row in rows if _key(row) not in known}.values())
        if fresh:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT nextval(pg_get_serial_sequence('identity_organisation', 'id'))"
                    " FROM generate_series(1, %s)",
                    [len(fresh)],
                )
                ids = [int(row[0]) for row in cursor.fetchall()]
            Organisation.objects.bulk_create(
                [
                    Organisation(
                        id=id,
                        name=row.name,
                        kind=row.kind,
                        uscc=row.uscc,
                        region=row.region,
                        parent_id=row.parent,
                        short=row.short,
                        english=row.english,
                        pinyin=" ".join(dict.fromkeys([*spelled(row.name), *spelled(row.short)]))[
                            :300
                        ].strip(),
                        path=f"{parents[row.parent] if row.parent is not None else ''}{id}.",
                    )
                    for id, row in zip(ids, fresh, strict=True)
                ],
                ignore_conflicts=True,
                batch_size=1000,
            )
            known = _known(rows)
            if any(_key(row) not in known for row in fresh):
                raise Conflict(
                    T(
                        "这个机构已以其他名称或代码登记",
                        "This body is already entered under another name or code",
                    )
                )
            append(
                act="identity.ensure_organisation",
                subject=f"identity.organisation:{ids[0]}" if len(ids) == 1 else "identity.organisation",
                actor=actor.id,
                label=actor.label,
                body={"count": len(ids), "first": ids[0], "last": ids[-1]},
            )
    return tuple(known[_key(row)] for row in rows)


def _tidy(row: NewOrganisation) -> NewOrganisation:
    return NewOrganisation(
        " ".join(row.name.replace("\0", "").split()),
        row.kind,
        row.uscc.strip().upper(),
        row.region.strip(),
        row.parent,
        " ".join(row.short.replace("\0", "").split())[:60],
        " ".join(row.english.replace("\0", "").split())[:160],
    )


def _key(row: NewOrganisation) -> tuple[str, ...]:
    return (row.uscc,) if row.uscc else (row.region, row.kind, row.name)


def _known(rows: Sequence[NewOrganisation]) -> dict[tuple[str, ...], int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, uscc, region, kind, name FROM identity_organisation WHERE uscc = ANY(%s)"
            " OR (uscc = '' AND (region, kind, name) IN (SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])))",
            [
                [row.uscc for row in rows if row.uscc],
                *(
                    [getattr(row, part) for row in rows if not row.uscc]
                    for part in ("region", "kind", "name")
                ),
            ],
        )
        return {
            ((uscc,) if uscc else (region, kind, name)): id
            for id, uscc, region, kind, name in cursor.fetchall()
        }


def _paths(ids: set[int]) -> dict[int | None, str]:
    return dict(Organisation.objects.filter(id__in=ids).values_list("id", "path")) if ids else {}


def _check(rows: Sequence[NewOrganisation], parents: dict[int | None, str]) -> None:
    slips: dict[str, T] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code FROM identity_region WHERE code = ANY(%s)", [list({row.region for row in rows})]
        )
        places = {row[0] for row in cursor.fetchall()}
    for number, row in enumerate(rows, 1):
        at = f"{number}." if len(rows) > 1 else ""
        if not 2 <= len(row.name) <= 120:
            slips[f"{at}name"] = T("名称为 2 至 120 字", "A name has 2 to 120 characters")
        if row.kind not in KINDS:
            slips[f"{at}kind"] = T("没有这类机构", "There is no such kind of body")
        if row.uscc and (slip := codes.uscc_slip(row.uscc)):
            slips[f"{at}uscc"] = _SLIPS[slip]
        if row.region not in places:
            slips[f"{at}region"] = T("没有这个区划代码：{code}", "There is no region {code}").fill(
                code=row.region
            )
        if row.parent is not None and row.parent not in parents:
            slips[f"{at}parent"] = T("上级机构不存在", "There is no such body above")
    if slips:
        raise Invalid(fields=slips)
