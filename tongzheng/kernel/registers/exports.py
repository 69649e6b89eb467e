"""Taking rows out: exports, templates and the rows that an import gave back. Within permission, on the ledger."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, BinaryIO, cast

from django.db import connection, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Refused, TooLarge
from tongzheng.kernel.core.sealing import unseal
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import Actor, require
from tongzheng.kernel.ledger.api import append

from .imports import bad_rows, import_of
from .intake import MARK
from .names import Names
from .output import SheetOut, Stamp, drained, write_csv, write_xlsx
from .queries import order_of, stream_sql
from .reading import REVEAL, reach_of, selection
from .tables import Col, Table, table_of

EXPORT_LIMIT = 300_000
CHUNK = 2000
SPOOL = 4 * 2**20
FORMS = {"xlsx", "csv"}
NOTE_COLUMN = T("问题", "What is wrong")


def export(
    register_id: str,
    *,
    actor: Actor,
    form: str = "xlsx",
    words: str = "",
    filters: Mapping[str, Any] | None = None,
    sort: str = "",
    columns: Sequence[str] = (),
    purpose: str = "",
    reveal: bool = False,
) -> Iterator[bytes]:
    """Return a file of the rows within the actor's export reach, in pieces; the ledger has it before it leaves.

    Args: form, "xlsx" or "csv"; words, filters, sort as for `rows`; columns, names in order, () for all;
    purpose, what for, written into the file; reveal, sealed columns in clear: needs "registers.reveal" and a
    purpose. Raises Missing, SignInNeeded, Refused, Invalid, TooLarge (more than 300,000 rows).
    """
    table = table_of(register_id)
    if not table.register.exports:
        raise Refused(T("这本台账不能导出", "This register cannot be exported"))
    if form not in FORMS:
        raise Invalid(fields={"form": T("格式应为 xlsx 或 csv", "The form is xlsx or csv")})
    purpose = " ".join(purpose.split())[:200]
    chosen = _chosen(table, columns)
    if reveal and any(c.use for c in chosen):
        require(actor, REVEAL)
        if not purpose:
            raise Invalid(fields={"purpose": T("请写明导出的用途", "Please state the purpose")})
    reach_of(table, actor, table.register.reads)
    _, where = selection(
        register_id, actor=actor, words=words, filters=filters, action=table.register.exports
    )
    shown = [c.sealed_name if reveal and c.use else c.name for c in chosen]
    sql, params = stream_sql(table, where, order_of(table, sort), shown)
    now = clock.now()
    stamp = Stamp(actor.label, now, purpose, str(table.register.title))
    file = cast(BinaryIO, tempfile.SpooledTemporaryFile(SPOOL))  # noqa: SIM115  (closed when drained)
    try:
        with transaction.atomic():
            lines = _lines(table, chosen, sql, params, reveal=reveal)
            if form == "csv":
                count = write_csv(file, _marked(lines, stamp)) - 2
            else:
                widths = [18 if c.column.kind != "long" else 40 for c in chosen]
                about = SheetOut("说明 About", _about(stamp, words, filters, reveal), (24, 60))
                count = (
                    write_xlsx(file, [SheetOut(str(table.register.title), lines, widths), about], stamp) - 1
                )
            digest = _digest(file)
            append(
                act="registers.export",
                subject=table.id,
                actor=actor.id,
                label=actor.label,
                body={
                    "form": form,
                    "rows": count,
                    "columns": [c.column.name for c in chosen],
                    "revealed": [c.column.name for c in chosen if reveal and c.use],
                    "filters": sorted(filters or {}),
                    "purpose": purpose,
                    "digest": digest,
                },
                at=now,
            )
    except BaseException:
        file.close()
        raise
    return drained(file)


def template(register_id: str, *, actor: Actor) -> bytes:
    """Return an empty XLSX to fill in for an import: header, choices, and a sheet that explains each column."""
    table = table_of(register_id)
    require(actor, table.register.writes or table.register.reads)
    cols = table.editable(creating=True)
    header = [str(c.column.title) + ("*" if c.column.required or c.column.key else "") for c in cols]
    helps: list[Sequence[Any]] = [
        [
            str(T("列", "Column")),
            str(T("要求", "Rule")),
            str(T("可选的值", "Choices")),
            str(T("例子", "Example")),
        ]
    ]
    for col in cols:
        choices = "、".join(f"{title}" for _, title in col.column.choices)
        helps.append([str(col.column.title), str(_rule(col)), choices, _example(col)])
    helps.append([])
    helps.append(
        [
            str(T("提示", "Note")),
            str(
                T(
                    "请在第一张表填写，不要合并单元格，不要用公式。留空的格子不改动已有的内容。",
                    "Fill in the first sheet; no merged cells, no formulas. An empty cell leaves what is stored as it is.",
                )
            ),
        ]
    )
    choices_by_place = {
        n: [str(t) for _, t in c.column.choices]
        if c.column.kind == "choice"
        else [str(T("是", "Yes")), str(T("否", "No"))]
        for n, c in enumerate(cols)
        if c.column.kind in ("choice", "bool")
    }
    file = cast(BinaryIO, tempfile.SpooledTemporaryFile(SPOOL))  # noqa: SIM115  (closed when drained)
    sheets = [
        SheetOut(str(table.register.title), [header], [18] * len(cols), choices_by_place),
        SheetOut(str(T("填写说明", "How to fill in")), helps, (18, 50, 40, 24)),
    ]
    write_xlsx(file, sheets)
    return b"".join(drained(file))


def bad_file(import_id: int, *, actor: Actor, form: str = "xlsx") -> Iterator[bytes]:
    """Return the rows of an import that did not enter, as they were sent, with a column that says why.

    The reasons are in the reader's language; the file can be corrected and uploaded again. Raises Missing, Invalid.
    """
    if form not in FORMS:
        raise Invalid(fields={"form": T("格式应为 xlsx 或 csv", "The form is xlsx or csv")})
    view = import_of(import_id, actor=actor)
    table = table_of(view.register_id)
    names = [n for n in view.columns if n in table.cols]
    titles = {n: str(table.cols[n].column.title) for n in table.cols}

    place = {n: number for number, n in enumerate([*names, *titles])}

    def in_order(errors: Mapping[str, T]) -> list[tuple[str, T]]:
        return sorted(errors.items(), key=lambda e: place.get(e[0], 0))

    def lines() -> Iterator[Sequence[Any]]:
        yield [*(titles[n] for n in names), str(T("原行号", "Row in the file")), str(NOTE_COLUMN)]
        for row in bad_rows(import_id, actor=actor):
            why = "; ".join(f"{titles.get(n, n)}: {words}" for n, words in in_order(row.errors))
            yield [*(row.cells.get(n, "") for n in names), row.number, why]

    file = cast(BinaryIO, tempfile.SpooledTemporaryFile(SPOOL))  # noqa: SIM115  (closed when drained)
    if form == "csv":
        write_csv(file, lines())
    else:
        write_xlsx(file, [SheetOut(str(table.register.title), lines(), [18] * len(names) + [10, 60])])
    return drained(file)


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    found = sha256()
    while piece := file.read(2**20):
        found.update(piece)
    return found.hexdigest()


def _chosen(table: Table, columns: Sequence[str]) -> list[Col]:
    unknown = [n for n in columns if n not in table.cols]
    if unknown:
        raise Invalid(fields={n: T("没有这一列", "There is no such column") for n in unknown})
    return [table.cols[n] for n in columns] if columns else list(table.cols.values())


def _lines(
    table: Table, chosen: Sequence[Col], sql: str, params: Sequence[Any], *, reveal: bool
) -> Iterator[Sequence[Any]]:
    yield [str(c.column.title) for c in chosen]
    names = Names()
    count = 0
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(CHUNK):
            count += len(rows)
            if count > EXPORT_LIMIT:
                raise TooLarge(
                    T("超过 {n} 行，请先筛选", "More than {n} rows; filter first").fill(n=f"{EXPORT_LIMIT:,}")
                )
            values = [dict(zip((c.column.name for c in chosen), row, strict=True)) for row in rows]
            names.learn(table, values)
            for row in rows:
                yield [
                    unseal(value, use=col.use) if reveal and col.use else names.export(col.column, value)
                    for col, value in zip(chosen, row, strict=True)
                ]


def _marked(lines: Iterator[Sequence[Any]], stamp: Stamp) -> Iterator[Sequence[Any]]:
    yield from lines
    yield [f"{MARK} Exported: {stamp.who} {stamp.when:%Y-%m-%d %H:%M} {stamp.purpose}".rstrip()]


def _about(stamp: Stamp, words: str, filters: Mapping[str, Any] | None, reveal: bool) -> list[Sequence[Any]]:
    return [
        [str(T("台账", "Register")), stamp.what],
        [str(T("导出人", "Exported by")), stamp.who],
        [str(T("时间", "At")), f"{stamp.when:%Y-%m-%d %H:%M}"],
        [str(T("用途", "Purpose")), stamp.purpose],
        [str(T("搜索", "Search")), words],
        [str(T("筛选", "Filters")), ", ".join(f"{k}={v}" for k, v in (filters or {}).items() if v)],
        [str(T("加密列", "Sealed columns")), str(T("明文", "in clear") if reveal else T("已脱敏", "masked"))],
    ]


def _rule(col: Col) -> T:
    column = col.column
    rules = {
        "date": T("日期，如 2026-01-02", "a date such as 2026-01-02"),
        "datetime": T("时间，如 2026-01-02 08:30", "a moment such as 2026-01-02 08:30"),
        "integer": T("整数", "a whole number"),
        "decimal": T("数字", "a number"),
        "money": T("金额（元，最多两位小数）", "an amount in yuan, at most two decimals"),
        "bool": T("是 或 否", "yes or no"),
        "choice": T("从可选的值中选", "one of the choices"),
        "region": T("区划代码（6、9 或 12 位）", "a region code (6, 9 or 12 digits)"),
        "organisation": T("单位全称或统一社会信用代码", "an organisation's full name or social credit code"),
        "id_number": T("18 位身份证号，单元格设为文本", "an 18-character ID number, in a text cell"),
        "uscc": T("18 位统一社会信用代码", "an 18-character social credit code"),
        "phone": T("手机或固定电话", "a mobile or landline number"),
    }
    base = rules.get(column.kind) or T("文字，最多 {n} 个", "text, at most {n} characters").fill(
        n=col.spec.limit
    )
    if column.help:
        base = T(f"{base.zh}。{column.help.zh}", f"{base.en}. {column.help.en}")
    if column.key:
        return T(f"识别列，必填：{base.zh}", f"identifies the row, required: {base.en}")
    return T(f"必填：{base.zh}", f"required: {base.en}") if column.required else base


def _example(col: Col) -> str:
    if col.column.choices:
        return str(col.column.choices[0][1])
    return {
        "date": "2026-01-02",
        "datetime": "2026-01-02 08:30",
        "integer": "12",
        "decimal": "3.5",
        "money": "1200.50",
        "bool": str(T("是", "Yes")),
        "region": "141102",
        "id_number": "11010519491231002X",
        "uscc": "11110000000013338W",
        "phone": "0358-8222222",
    }.get(col.column.kind, "")
