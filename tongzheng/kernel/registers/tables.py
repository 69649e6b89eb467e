"""What a declared register means in the database: its model's table, columns and bounds, read once.

Only names found here ever reach a statement, quoted; everything else is a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any, TypeAlias

from django.apps import apps
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models
from django.db.models.fields import NOT_PROVIDED

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.core.registry import DeclarationError, registry
from tongzheng.kernel.core.sealing import blind, seal
from tongzheng.kernel.core.text import T

from .kinds import GRAMS, Column, Register
from .rules import Spec, mask

AnyField: TypeAlias = "models.Field[Any, Any]"


@dataclass(frozen=True, slots=True)
class Col:
    """A declared column in its table: `name` is the quoted database column that lists show and sort by."""

    column: Column
    field: AnyField
    name: str
    nullable: bool
    spec: Spec
    use: str = ""
    sealed_name: str = ""
    blind_name: str = ""


@dataclass(frozen=True)
class Table:
    """A register and its model's table."""

    id: str
    register: Register
    model: type[models.Model]
    name: str
    pk: AnyField
    pk_name: str
    cols: dict[str, Col]
    version: AnyField | None
    grams: str
    grams_of: tuple[str, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        """The quoted columns that every row statement selects, in the order of the declared columns."""
        return tuple(col.name for col in self.cols.values())

    @property
    def region(self) -> str:
        """The quoted column that holds a row's region, "NULL" if the register has none."""
        return self.cols[self.register.region].name if self.register.region else "NULL"

    @property
    def organisation(self) -> str:
        """The quoted column that holds a row's organisation, "NULL" if the register has none."""
        return self.cols[self.register.organisation].name if self.register.organisation else "NULL"

    @property
    def limited(self) -> bool:
        """Whether rows belong to a region or an organisation, so that a reader's reach limits them."""
        return bool(self.register.region or self.register.organisation)

    @property
    def keys(self) -> tuple[Col, ...]:
        """The columns that identify a row on import."""
        return tuple(col for col in self.cols.values() if col.column.key)

    def editable(self, *, creating: bool) -> tuple[Col, ...]:
        """The columns a person may fill: the editable ones, and on creation the key too."""
        return tuple(c for c in self.cols.values() if c.column.edit or (creating and c.column.key))

    def pk_value(self, text: Any) -> Any:
        """Return a primary key as the database wants it. Raises Missing for what cannot be one."""
        try:
            value = self.pk.to_python(str(text).strip())
        except Exception:
            raise Missing() from None
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise Missing()
        if value is None or (isinstance(value, str) and "\x00" in value):
            raise Missing()
        return value

    def subject(self, pk: Any) -> str:
        """Return how cases, ledger and history refer to a row."""
        return f"{self.id}:{pk}"

    def stored(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return database columns and values for cleaned ones: sealed columns become three."""
        out: dict[str, Any] = {}
        for name, value in values.items():
            col = self.cols[name]
            if col.use:
                text = "" if value is None else str(value)
                out[col.sealed_name] = seal(text, use=col.use)
                out[col.blind_name] = blind(text, use=col.use) if text else None
                out[col.name] = mask(col.column, text) if text else ""
            else:
                out[col.name] = self._adapted(col, value)
        return out

    def filled(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return `given` database columns completed with the model's own defaults, for an INSERT."""
        out = dict(given)
        for field in self.model._meta.concrete_fields:
            name = quoted(field.column)
            if name in out or field is self.pk or getattr(field, "generated", False):
                continue
            if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
                out[name] = clock.now() if isinstance(field, models.DateTimeField) else clock.today()
            elif getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED:
                continue
            elif field is self.version:
                out[name] = 1
            elif field.has_default():
                out[name] = field.get_db_prep_save(field.get_default(), connection)
            elif field.null:
                continue
            elif isinstance(field, models.CharField | models.TextField):
                out[name] = ""
            elif isinstance(field, models.BinaryField):
                out[name] = b""
        return out

    def touched(self) -> dict[str, Any]:
        """Return the database columns that every update renews (`auto_now`)."""
        return {
            quoted(f.column): clock.now() if isinstance(f, models.DateTimeField) else clock.today()
            for f in self.model._meta.concrete_fields
            if getattr(f, "auto_now", False)
        }

    def version_of(self, row: tuple[Any, ...], number: Any) -> str:
        """Return what guards a row against lost updates: its version number, else a digest of what it shows."""
        if self.version is not None:
            return str(number)
        return sha256(repr([plain(v) for v in row]).encode()).hexdigest()[:16]

    @staticmethod
    def _adapted(col: Col, value: Any) -> Any:
        field = col.field
        if value is None and not field.null and isinstance(field, models.CharField | models.TextField):
            return ""
        if isinstance(field, models.ForeignKey):
            return value
        return field.get_db_prep_save(value, connection)


@lru_cache(maxsize=10_000)
def quoted(name: str | None) -> str:
    """Return a database name quoted for a statement."""
    return connection.ops.quote_name((name or "").replace("%", "%%"))


def plain(value: Any) -> Any:
    """Return a stored value as JSON can carry it, exactly."""
    if isinstance(value, datetime):
        return value.astimezone(clock.CHINA).isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str | int | bool | None):
        return value
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value)


def table_of(register_id: str) -> Table:
    """Return the table of a declared register. Raises Missing if none is declared so."""
    register = registry.find(Register, register_id)
    if register is None:
        raise Missing(T("没有这本台账", "There is no such register"))
    return describe(register_id, register)


@lru_cache(maxsize=500)
def describe(register_id: str, register: Register) -> Table:
    """Return the table of a declaration. Raises DeclarationError naming what the model does not have."""
    try:
        model = apps.get_registered_model(*register.model.split("."))
    except (LookupError, TypeError):
        raise DeclarationError(f"register {register_id}: there is no model {register.model}") from None
    fields: dict[str, AnyField] = {}
    for field in model._meta.concrete_fields:
        fields[field.name] = fields[field.attname] = field
    cols: dict[str, Col] = {}
    for column in register.columns:
        if column.name in cols:
            raise DeclarationError(f"register {register_id}: column {column.name} is declared twice")
        cols[column.name] = _col(register_id, model, fields, column)
    for role, name in (("region", register.region), ("organisation", register.organisation)):
        if name and name not in cols:
            raise DeclarationError(f"register {register_id}: {role} names no column: {name}")
    for name in (register.label, register.order.lstrip("-"), *(register.place or ())):
        if name not in cols and name not in fields and name != "pk":
            raise DeclarationError(f"register {register_id}: the model has no {name}")
    version = fields.get("version")
    if version is not None and (
        "version" in cols or not isinstance(version, models.IntegerField) or version.primary_key
    ):
        version = None
    pk = model._meta.pk
    grams, grams_of = _grams(model)
    return Table(
        id=register_id,
        register=register,
        model=model,
        name=quoted(model._meta.db_table),
        pk=pk,
        pk_name=quoted(pk.column),
        cols=cols,
        version=version,
        grams=grams,
        grams_of=grams_of,
    )


def _col(id: str, model: type[models.Model], fields: dict[str, AnyField], column: Column) -> Col:
    def field(name: str) -> AnyField:
        if name not in fields:
            raise DeclarationError(f"register {id}: {model._meta.label} has no field {name}")
        return fields[name]

    if column.sealed:
        masked = field(f"{column.name}_masked")
        return Col(
            column=column,
            field=masked,
            name=quoted(masked.column),
            nullable=masked.null,
            spec=Spec(column, limit=column.max_length),
            use=f"{model._meta.model_name}.{column.name}",
            sealed_name=quoted(field(f"{column.name}_sealed").column),
            blind_name=quoted(field(f"{column.name}_blind").column),
        )
    own = field(column.name)
    low, high = (
        connection.ops.integer_field_range(own.get_internal_type()) if _is_integer(own) else (None, None)
    )
    limit = own.max_length or (20_000 if column.kind == "long" else column.max_length)
    return Col(
        column=column,
        field=own,
        name=quoted(own.column),
        nullable=own.null,
        spec=Spec(
            column,
            digits=getattr(own, "max_digits", None) or 20,
            places=p if (p := getattr(own, "decimal_places", None)) is not None else 6,
            limit=limit if column.kind == "long" else min(limit, own.max_length or column.max_length),
            low=-(2**63) if low is None else low,
            high=2**63 - 1 if high is None else high,
        ),
    )


def indexed(model: type[models.Model], field: AnyField) -> bool:
    """Tell whether some index or unique constraint of the model begins with the field."""
    if field.primary_key or field.unique or getattr(field, "db_index", False):
        return True
    meta = model._meta
    begins = [index.fields[:1] for index in meta.indexes if index.condition is None]
    begins += [list(c.fields[:1]) for c in meta.constraints if isinstance(c, models.UniqueConstraint)]
    begins += [list(together[:1]) for together in meta.unique_together]
    return any(start and start[0].lstrip("-") == field.name for start in begins)


def _is_integer(field: AnyField) -> bool:
    return isinstance(field, models.IntegerField)


def _grams(model: type[models.Model]) -> tuple[str, tuple[str, ...]]:
    """Return the expression of the model's gram index and the fields it covers, ("", ()) without one."""
    for index in model._meta.indexes:
        for expression in getattr(index, "expressions", ()):
            if isinstance(index, GinIndex) and getattr(expression, "extra", {}).get("function") == GRAMS:
                names = tuple(source.name for source in expression.get_source_expressions())
                try:
                    columns = [quoted(model._meta.get_field(n).column) for n in names]  # type: ignore[union-attr]
                except FieldDoesNotExist:
                    continue
                return f"{GRAMS}({', '.join(columns)})", names
    return "", ()
