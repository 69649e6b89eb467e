"""The JSON API: one typed set of addresses for each declared register, so that OpenAPI describes its real columns.

Types are made from the declaration. Values go in as JSON of the column's type or as people write them; they come
out exact: decimals as text, dates as ISO text, sealed columns masked. Refusals are problem JSON.
"""

# No `from __future__ import annotations`: the annotations are made at run time and must be real types.

from collections.abc import Callable, Mapping
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, create_model

from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.identity.api import Actor

from . import reading, writing
from .kinds import Column, Register
from .queries import RANGED
from .shapes import RowView
from .tables import plain

prefix = "registers"

OUT: dict[str, Any] = {"integer": int, "bool": bool, "organisation": int}
FORMATS = {"date": "date", "datetime": "date-time", "decimal": "decimal", "money": "decimal"}
Door = Callable[..., Any]


class RegisterInfo(Schema):
    """A register that the caller may read."""

    id: str
    title: str
    title_en: str
    may_write: bool
    may_export: bool


class Change(Schema):
    """One line of a row's history."""

    act: str
    at: str
    label: str
    before: dict[str, Any]
    after: dict[str, Any]


class BulkIn(Schema):
    """Rows and the value to set."""

    pks: list[str | int] = Field(min_length=1, max_length=writing.BULK_LIMIT)
    value: str | int | bool | None


class BulkOut(Schema):
    """What a bulk action did."""

    changed: int
    unchanged: int
    refused: int


def router(registers: Mapping[str, Register]) -> Router:
    """Return the addresses of these registers."""
    made = Router(tags=["registers"])

    @made.get("/", response=list[RegisterInfo], summary="Registers that the caller may read")
    def index(request: HttpRequest) -> Any:
        return [
            RegisterInfo(
                id=view.id,
                title=view.register.title.zh,
                title_en=view.register.title.en,
                may_write=view.may_write,
                may_export=view.may_export,
            )
            for view in reading.registers(actor=_actor(request))
        ]

    for id, register in registers.items():
        _add(made, id, register)
    return made


def _add(made: Router, id: str, register: Register) -> None:
    stem = "".join(part.title() for part in id.replace("_", ".").split("."))
    row = _row_type(stem, register)
    page = create_model(
        f"{stem}Page",
        __base__=Schema,
        items=(list[row], ...),  # type: ignore[valid-type]
        next=(str, Field("", description="`after` of the next page; empty at the end")),
        estimate=(int | None, Field(None, description="about how many rows; null when unknown")),
        exact=(bool, Field(False, description="whether `estimate` was counted")),
    )
    asking = _query_type(stem, register)
    known = set(asking.model_fields)
    values = _values_type(stem, register)
    title = f"{register.title.en} ({register.title.zh})"
    name = id.replace(".", "_")

    @made.get(f"/{id}/", response=page, summary=f"{title}: list", operation_id=f"{name}_list", tags=[id])
    def rows(request: HttpRequest, query: Query[asking]) -> Any:  # type: ignore[valid-type]
        given = cast(Any, query).model_dump(exclude_none=True)
        # What the type does not know goes to the door too, which refuses it: a misspelt filter must not show all.
        given.update({name: value for name, value in request.GET.items() if name not in known})
        found = reading.rows(
            id,
            actor=_actor(request),
            words=given.pop("words", ""),
            sort=given.pop("sort", ""),
            after=given.pop("after", None),
            limit=given.pop("limit", 50),
            filters=given,
        )
        return {
            "items": [_out(r) for r in found.rows],
            "next": found.next,
            "estimate": found.estimate,
            "exact": found.exact,
        }

    @made.get(
        f"/{id}/{{pk}}", response=row, summary=f"{title}: one row", operation_id=f"{name}_get", tags=[id]
    )
    def one(request: HttpRequest, response: HttpResponse, pk: str) -> Any:
        found = reading.row(id, pk, actor=_actor(request)).row
        response["ETag"] = f'"{found.version}"'
        return _out(found)

    @made.get(
        f"/{id}/{{pk}}/history",
        response=list[Change],
        summary=f"{title}: history of a row",
        operation_id=f"{name}_history",
        tags=[id],
    )
    def history(request: HttpRequest, pk: str) -> Any:
        return [
            Change(act=c.act, at=c.at.isoformat(), label=c.label, before=dict(c.before), after=dict(c.after))
            for c in reading.row(id, pk, actor=_actor(request)).history
        ]

    if register.writes:
        _add_writes(made, id, title, name, row, values)
    for action in register.bulk:
        _add_bulk(made, id, title, name, action.name)


def _add_writes(made: Router, id: str, title: str, name: str, row: Any, values: Any) -> None:
    @made.post(
        f"/{id}/",
        response={201: row},
        summary=f"{title}: enter a row; Idempotency-Key makes it once",
        operation_id=f"{name}_create",
        tags=[id],
    )
    def create(request: HttpRequest, body: values) -> Any:
        given = cast(Any, body).model_dump(exclude_unset=True)
        once = request.headers.get("Idempotency-Key", "")
        return Status(201, _out(writing.create(id, actor=_actor(request), values=given, once=once)))

    @made.patch(
        f"/{id}/{{pk}}",
        response=row,
        summary=f"{title}: change a row; If-Match guards against lost updates",
        operation_id=f"{name}_update",
        tags=[id],
    )
    def update(request: HttpRequest, response: HttpResponse, pk: str, body: values) -> Any:
        given = cast(Any, body).model_dump(exclude_unset=True)
        version = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
        if version == "*":
            version = ""
        found = writing.update(id, actor=_actor(request), pk=pk, values=given, version=version or None)
        response["ETag"] = f'"{found.version}"'
        return _out(found)


def _add_bulk(made: Router, id: str, title: str, name: str, action: str) -> None:
    @made.post(
        f"/{id}/bulk/{action}",
        response=BulkOut,
        summary=f"{title}: bulk action {action}",
        operation_id=f"{name}_bulk_{action}",
        tags=[id],
    )
    def bulk(request: HttpRequest, body: BulkIn) -> Any:
        done = writing.bulk(id, action, actor=_actor(request), pks=body.pks, value=body.value)
        return BulkOut(changed=done.changed, unchanged=done.unchanged, refused=done.refused)


def _out(row: RowView) -> dict[str, Any]:
    return {
        "pk": row.pk,
        "label": row.label,
        "version": row.version,
        "values": {name: plain(value) for name, value in row.values.items()},
    }


def _row_type(stem: str, register: Register) -> Any:
    fields: dict[str, Any] = {}
    for column in register.columns:
        kind = str if column.sealed else OUT.get(column.kind, str)
        fields[column.name] = (kind | None, _described(column, None))
    values = create_model(f"{stem}Values", __base__=Schema, **fields)
    return create_model(
        f"{stem}Row",
        __base__=Schema,
        pk=(str, ...),
        label=(str, ...),
        version=(str, Field(..., description="send back as If-Match")),
        values=(values, ...),
    )


def _values_type(stem: str, register: Register) -> Any:
    """Return the type of what may be written: lenient in form, since the column's rule judges it anyway."""
    fields: dict[str, Any] = {}
    for column in register.columns:
        if not (column.edit or column.key):
            continue
        fields[column.name] = (str | int | float | bool | None, _described(column, None))
    return create_model(f"{stem}Input", __base__=_Strict, **fields)


class _Strict(Schema):
    model_config = ConfigDict(extra="forbid")


def _query_type(stem: str, register: Register) -> Any:
    fields: dict[str, Any] = {
        "words": (
            str | None,
            Field(None, description="each word must occur in a search column", max_length=200),
        ),
        "sort": (
            str | None,
            Field(
                None,
                description="one of "
                + (", ".join(c.name for c in register.columns if c.sort) or "(none)")
                + "; with - before it descending",
            ),
        ),
        "after": (str | None, Field(None, description="`next` of the page before")),
        "limit": (int, Field(50, ge=1, le=reading.PAGE_LIMIT)),
    }
    for column in register.columns:
        if not column.filter:
            continue
        fields[column.name] = (str | None, _described(column, None))
        if column.kind in RANGED:
            for end in ("from", "to"):
                fields[f"{column.name}__{end}"] = (
                    str | None,
                    Field(None, description=f"{column.title.en} {end}"),
                )
    return create_model(f"{stem}Query", __base__=_Strict, **fields)


def _described(column: Column, default: Any) -> Any:
    words = f"{column.title.zh} / {column.title.en}"
    if column.help:
        words += f". {column.help.en}"
    if column.sealed:
        words += ". Sealed: comes out masked."
    if column.choices:
        words += ". " + ", ".join(f"{code}: {title.en}" for code, title in column.choices)
    extra: dict[str, Any] = {"title": column.title.en, "description": words}
    if column.kind in FORMATS and not column.sealed:
        extra["json_schema_extra"] = {"format": FORMATS[column.kind]}
    return Field(default, **extra)


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]


api = router(registry.of(Register))
