"""The published drawings as case types of the registry: opened, listed, searched and shown as any other.

The registry is renewed when a drawing has changed; that is looked at no more often than every two seconds, beneath
Django's cursor, because it is no part of any page's own work. Compiled versions are kept, the least used forgotten.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import orjson
from django.db import connection

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.core.registry import System, registry
from tongzheng.kernel.core.text import T, from_json
from tongzheng.kernel.definitions import api as definitions

from .. import designed, sql
from ..kinds import SYSTEM, CaseType, Clock, Field, Move, State
from .model import understand
from .program import Definition, compile_model
from .reading import read

SLUG = "drawn"
PREFIX = f"{SLUG}."
MARK = "@"
"""Before the name of a move that is a step of a drawn process."""
PATH = "@path"
"""In an event's data: the elements and flows that its step passed."""
WORK = "cases.process_work"
FRESH_SECONDS = 2.0
MOST_KEPT = 2_000
RUNNING = State("running", T("办理中", "Under way"))
ENDED = State("ended", T("办结", "Closed"), phase="closed")
FAILED = State("failed", T("出错终止", "Ended by an error"), phase="closed")


class _Kept:
    database = ""
    changed = -1
    looked = 0.0


_compiled: OrderedDict[tuple[str, int], Definition] = OrderedDict()


def drawn(type_id: str) -> bool:
    """Tell whether a case type is a drawn one."""
    return type_id.startswith(PREFIX)


def refresh() -> None:
    """Bring the registry up to date with what is published, if it may have changed."""
    database = str(connection.settings_dict["NAME"])
    now = time.monotonic()
    if _Kept.database == database and now - _Kept.looked < FRESH_SECONDS:
        return
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        at = clock.now()
        cursor.execute(
            "SELECT COALESCE(sum(changed), 0)::bigint"
            " + (SELECT count(*) FROM cases_drawing_version WHERE effective_from <= %s) FROM cases_drawing",
            (at,),
        )
        changed = int(cursor.fetchone()[0])
        if database != _Kept.database or changed != _Kept.changed:
            cursor.execute(
                "SELECT DISTINCT ON (d.key) d.key, d.title, d.prefix, d.opens, d.reads, d.basis, d.work, v.fields, v.clock"
                " FROM cases_drawing d JOIN cases_drawing_version v ON v.key = d.key"
                " WHERE v.effective_from <= %s ORDER BY d.key, v.n DESC",
                (at,),
            )
            _renew([_parsed(row) for row in cursor.fetchall()])
    _Kept.database, _Kept.changed, _Kept.looked = database, changed, now


def look_again() -> None:
    """Look at the next call whether something has changed."""
    _Kept.looked = 0.0


def forget() -> None:
    """Look again at the next call; nothing that a process remembers of a database outlives it."""
    _Kept.database = ""
    _compiled.clear()
    definitions.forget()
    registry.renew(SLUG, None)


def _parsed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row with its JSON columns read, whichever way the driver gave them."""
    return tuple(
        orjson.loads(value) if number in (1, 5, 6, 7, 8) and isinstance(value, str | bytes) else value
        for number, value in enumerate(row)
    )


def _renew(rows: list[tuple[Any, ...]]) -> None:
    types = tuple(case_type(*row) for row in rows)
    if not types and SLUG not in registry.systems:
        return
    title = T("自绘流程", "Drawn processes")
    registry.renew(SLUG, System(SLUG, "kernel", "", title, title, needs=("identity",), declares=types))


def case_type(
    key: str,
    title: Mapping[str, str],
    prefix: str,
    opens: str,
    reads: str,
    basis: Mapping[str, str],
    work: Mapping[str, Any],
    fields: list[dict[str, str]],
    limit_of: Mapping[str, Any] | None,
) -> CaseType:
    """Return a drawing as a case type: a state and a move for each step that people do, in any of its versions."""
    law = from_json(dict(basis))
    steps = {name: State(name, from_json(step["title"])) for name, step in work.items() if name not in _NAMES}
    moves = [
        Move(
            name=f"{MARK}{name}",
            title=T("完成“{step}”", "Complete “{step}”").fill(step=from_json(step["title"])),
            source=(name,),
            target=RUNNING.name,
            by=action,
            basis=law,
        )
        for name, step in work.items()
        if name in steps
        for action in step["actions"]
    ]
    ends = [
        Move("end", ENDED.title, (RUNNING.name,), ENDED.name, SYSTEM, law),
        Move("fail", FAILED.title, (RUNNING.name,), FAILED.name, SYSTEM, law),
    ]
    limit = None
    if limit_of:
        title_of = T("办理时限", "Time limit")
        limit = Clock("process", title_of, limit_of["unit"], int(limit_of["amount"]), law)
    return CaseType(
        name=key,
        title=from_json(dict(title)),
        prefix=prefix,
        start=RUNNING.name,
        states=(RUNNING, *steps.values(), ENDED, FAILED),
        moves=(*moves, *ends),
        opens=opens,
        reads=reads,
        basis=law,
        clock=limit,
        fields=tuple(field_of(entry) for entry in fields),
        review=True,
    )


_NAMES = (RUNNING.name, ENDED.name, FAILED.name)
_VENDOR_KINDS = {"string": "text", "long": "integer", "boolean": "bool", "enum": "choice"}


def field_of(entry: Mapping[str, str]) -> Field:
    """Return the entry of a form that a drawing describes."""
    if "json" in entry:
        return designed.restored(orjson.loads(entry["json"]))
    name = entry.get("name", "")
    zh = entry.get("zh") or entry.get("en") or name
    choices = []
    for part in entry.get("choices", "").split(";"):
        value, _, words = part.partition("=")
        if value:
            cn, _, en = words.partition("|")
            choices.append((value, T(cn or value, en or cn or value)))
    kind = entry.get("kind") or _VENDOR_KINDS.get(entry.get("type", ""), entry.get("type")) or "text"
    help_zh = entry.get("help_zh", "")
    return Field(
        name=name,
        title=T(zh, entry.get("en") or zh),
        kind=kind,
        required=entry.get("required", "true") != "false",
        choices=tuple(choices),
        personal=entry.get("personal", "") == "true",
        help=T(help_zh, entry.get("help_en") or help_zh) if help_zh else None,
        max_length=int(entry["max_length"]) if entry.get("max_length", "").isdecimal() else 200,
        minimum=_number(entry.get("minimum", "")),
        maximum=_number(entry.get("maximum", "")),
    )


def _number(text: str) -> float | None:
    return float(text) if text.isascii() and text.lstrip("-").replace(".", "", 1).isdecimal() else None


def with_forms(found: Definition, pinned: Mapping[str, int]) -> None:
    """Give the places of a compiled drawing the entries of the forms that they name, by the versions it is tied to."""
    for place in found.places.values():
        form = place.rules.get("form", "")
        if form in pinned:
            made = designed.compiled(definitions.version(pinned[form]).content)
            entries = tuple(
                {"name": one.name, "json": orjson.dumps(designed.kept(one)).decode()} for one in made.fields
            )
            place.fields = (*place.fields, *entries)


def _forms_of(version_id: int) -> dict[str, int]:
    rows = sql.rows("SELECT forms FROM cases_drawing_version WHERE id = %s", (version_id,))
    found = rows[0][0] if rows else {}
    return dict(orjson.loads(found) if isinstance(found, str | bytes) else found)


def definition(version_id: int) -> Definition:
    """Return a version ready to run. Raises Missing if it is not there any more: its cases then stand still."""
    key = (str(connection.settings_dict["NAME"]), version_id)
    found = _compiled.get(key)
    if found is None:
        try:
            content = definitions.version(version_id).content
        except Missing:
            raise Missing(
                T("这个流程的版本 {id} 已不存在", "Version {id} of this process is not there any more").fill(
                    id=version_id
                )
            ) from None
        found = compile_model(understand(read(content.encode())))
        with_forms(found, _forms_of(version_id))
        _compiled[key] = found
        if len(_compiled) > MOST_KEPT:
            _compiled.popitem(last=False)
    else:
        _compiled.move_to_end(key)
    return found
