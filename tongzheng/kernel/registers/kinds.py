"""What a system declares to get a register (台账): list, sheet, forms, import, export, API and map of a model."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.postgres.indexes import GinIndex
from django.db.models import Func

from tongzheng.kernel.core.text import T

GRAMS = "registers_grams"
"""The database function that cuts text into the one- and two-character pieces that searches look up."""


def search_index(*fields: str, name: str) -> GinIndex:
    """Return the index that makes a register searchable by parts of words, Chinese ones of two characters too.

    Put it into the model's `Meta.indexes` with exactly the register's plain `search` columns; the model's
    migration must depend on ("registers", "0001_initial").
    """
    return GinIndex(Func(*fields, function=GRAMS), name=name)


@dataclass(frozen=True, slots=True)
class Column:
    """One field of the model as people see it.

    `kind`: text, long, integer, decimal, money, date, datetime, choice, bool, region, organisation, id_number,
    uscc, phone, code. `show`: in the list by default. `key`: identifies a row on import.
    `sealed`: the model keeps `<name>_sealed`, `<name>_blind`, `<name>_masked`; shown masked.
    """

    name: str
    title: T
    kind: str = "text"
    required: bool = False
    show: bool = True
    search: bool = False
    filter: bool = False
    sort: bool = False
    edit: bool = True
    key: bool = False
    choices: tuple[tuple[str, T], ...] = ()
    max_length: int = 200
    help: T | None = None
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Bulk:
    """An action on many chosen rows: sets `column` to a value chosen by the person, under permission `by`."""

    name: str
    title: T
    column: str
    by: str


@dataclass(frozen=True, slots=True)
class Register:
    """A model with all its faces; its id is "slug.name". `model` is "app_label.Model".

    `reads`, `writes`, `exports` are action ids. `region` and `organisation` name the columns that limit a
    reader to the rows within reach. `place` names the (lon, lat) columns and gives the map. `cases` says how
    cases refer to a row: the subject id is "<register id>:<pk>".
    """

    name: str
    title: T
    model: str
    columns: tuple[Column, ...]
    reads: str
    writes: str
    exports: str
    label: str = "name"
    order: str = "-id"
    region: str = ""
    organisation: str = ""
    place: tuple[str, str] | None = None
    bulk: tuple[Bulk, ...] = ()
    icon: str = ""
