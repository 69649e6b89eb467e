"""What the inspector asks of each declared register: does it fit its model, and will it still be quick at a million?"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models.fields import NOT_PROVIDED

from tongzheng.kernel.core.registry import DeclarationError, Registry
from tongzheng.kernel.identity.kinds import Action

from .kinds import Register
from .tables import Col, Table, describe, indexed

KINDS = frozenset(
    [
        "text",
        "long",
        "integer",
        "decimal",
        "money",
        "date",
        "datetime",
        "choice",
        "bool",
        "region",
        "organisation",
        "id_number",
        "uscc",
        "phone",
        "code",
    ]
)


def faults(registry: Registry) -> list[str]:
    """Return what is wrong with declared registers, one sentence each; empty when all is well."""
    out: list[str] = []
    for id, register in registry.of(Register).items():
        try:
            table = describe(id, register)
        except DeclarationError as error:
            out.append(str(error))
            continue
        out += [f"register {id}: {words}" for words in _of(registry, table)]
    return out


def warnings(registry: Registry) -> list[str]:
    """Return which declared searches, filters and sorts no index serves, one sentence each."""
    out: list[str] = []
    for id, register in registry.of(Register).items():
        try:
            table = describe(id, register)
        except DeclarationError:
            continue
        out += [f"register {id}: {words}" for words in slow(table)]
    return out


def _of(registry: Registry, table: Table) -> Iterator[str]:
    register = table.register
    for role, action in (
        ("reads", register.reads),
        ("writes", register.writes),
        ("exports", register.exports),
        *((f"bulk {b.name}", b.by) for b in register.bulk),
    ):
        if action and registry.find(Action, action) is None:
            yield f"{role} names no declared action: {action}"
    if not register.reads:
        yield "nobody may read it: reads is empty"
    for bulk in register.bulk:
        if bulk.column not in table.cols:
            yield f"bulk {bulk.name} names no column: {bulk.column}"
        elif table.cols[bulk.column].use:
            yield f"bulk {bulk.name} would set a sealed column"
    for col in table.cols.values():
        column = col.column
        if column.kind not in KINDS:
            yield f"column {column.name} has no known kind: {column.kind}"
        if (column.kind == "choice") != bool(column.choices):
            yield f"column {column.name}: choices belong to the kind choice, and only to it"
        if column.key and not _unique(table, col):
            yield f"key column {column.name} has no index, so every import would read the whole table"
    if register.writes:
        yield from _unfillable(table)


def _unfillable(table: Table) -> Iterator[str]:
    filled = {col.name for col in table.editable(creating=True)}
    filled |= {n for col in table.editable(creating=True) for n in (col.sealed_name, col.blind_name)}
    known = table.filled(dict.fromkeys(filled))
    for field in table.model._meta.concrete_fields:
        name = '"' + (field.column or "") + '"'
        if name in known or field is table.pk or field.null or getattr(field, "generated", False):
            continue
        if getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED:
            continue
        yield f"field {field.name} needs a value that no column and no default gives"


def slow(table: Table) -> Iterator[str]:
    """Yield which searches, filters and sorts of one register no index serves."""
    plain = [c.column.name for c in table.cols.values() if c.column.search and not c.use]
    if plain and set(table.grams_of) != set(plain):
        yield f"search over {', '.join(plain)} has no search_index({', '.join(plain)})"
    for col in table.cols.values():
        column = col.column
        if column.sort and not indexed(table.model, col.field):
            yield f"sort by {column.name} has no index"
        if column.filter and column.kind not in ("bool", "choice") and not _unique(table, col):
            yield f"filter by {column.name} has no index"
        if col.use and column.search and not _unique(table, col):
            yield f"search by {column.name} has no index on its blind column"


def _unique(table: Table, col: Col) -> bool:
    if not col.use:
        return indexed(table.model, col.field)
    blind = next(f for f in table.model._meta.concrete_fields if f'"{f.column}"' == col.blind_name)
    return indexed(table.model, blind)
