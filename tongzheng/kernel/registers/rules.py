"""What may stand in a column, for each kind. Pure functions: today and all lookups are passed in.

A value arrives as people and programs send it (text of a form, a spreadsheet's cell, JSON) and leaves as what
the model stores: str, int, Decimal, bool, date, aware datetime, or None for nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any, Protocol

from tongzheng.kernel.core.clock import CHINA
from tongzheng.kernel.core.codes import id_slip, masked_id, masked_name, masked_phone, phone_slip, uscc_slip
from tongzheng.kernel.core.text import T

from .kinds import Column

REQUIRED = T("请填写", "Please fill this in")
DIGITS_LOST = T(
    "这个单元格是数字格式，后几位已丢失；请把该列设为文本后重新填写",
    "This cell is a number and has lost its last digits; make the column text and enter it again",
)
FORMULA = T("单元格 {cell} 是公式，请改成值", "Cell {cell} holds a formula; replace it with its value")
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  (a spreadsheet's day has no zone)
_YES = {"是", "对", "有", "√", "true", "yes", "y", "1", "t"}
_NO = {"否", "错", "无", "×", "false", "no", "n", "0", "f"}


_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Slip(Exception):
    """A value breaks its column's rule; `words` say how, for the person who sent it."""

    def __init__(self, words: T) -> None:
        self.words = words
        super().__init__(words.en)


@dataclass(frozen=True, slots=True)
class Unusable:
    """A spreadsheet cell that is not taken, and why: a formula, an error value."""

    words: T


@dataclass(frozen=True, slots=True)
class Spec:
    """A column with the bounds that its model field sets."""

    column: Column
    digits: int = 20
    places: int = 6
    limit: int = 200
    low: int = -(2**63)
    high: int = 2**63 - 1


class Lookup(Protocol):
    """Finds regions and organisations by what people write. None: no such; raises Slip when several fit."""

    def region(self, text: str) -> str | None: ...

    def organisation(self, text: str) -> int | None: ...


def clean(
    specs: Sequence[Spec],
    raw: Mapping[str, Any],
    *,
    today: date,
    lookup: Lookup,
    partial: bool = False,
) -> tuple[dict[str, Any], dict[str, T]]:
    """Judge one row: return the good values and, by column, what is wrong with the others.

    Args: partial, columns that are absent or blank are left out instead of being asked for (an update).
    """
    values: dict[str, Any] = {}
    errors: dict[str, T] = {}
    for spec in specs:
        name = spec.column.name
        if partial and name not in raw:
            continue
        try:
            value = parse(spec, raw.get(name), today=today, lookup=lookup)
        except Slip as slip:
            errors[name] = slip.words
            continue
        if value is None and spec.column.required:
            errors[name] = REQUIRED
        else:
            values[name] = value
    return values, errors


def parse(spec: Spec, raw: Any, *, today: date, lookup: Lookup) -> Any:
    """Return the value that `raw` means in that column, None for nothing. Raises Slip."""
    if isinstance(raw, Unusable):
        raise Slip(raw.words)
    if raw is None or (isinstance(raw, str) and not tidy(raw)):
        return None
    if (isinstance(raw, float) and not isfinite(raw)) or (isinstance(raw, Decimal) and not raw.is_finite()):
        raise Slip(T("这里要填数字", "A number is needed here"))
    column = spec.column
    match column.kind:
        case "integer":
            return _integer(spec, raw)
        case "decimal" | "money":
            return _decimal(spec, raw)
        case "date":
            return _date(raw)
        case "datetime":
            return _datetime(raw)
        case "bool":
            return _bool(raw)
        case "choice":
            return _choice(column, raw)
        case "region":
            return _found(lookup.region(text_of(raw, spec)), T("没有这个区划", "There is no such region"))
        case "organisation":
            return _found(
                lookup.organisation(text_of(raw, spec)), T("没有这个单位", "There is no such organisation")
            )
        case "id_number":
            return _id_number(text_of(raw, spec), today)
        case "uscc":
            return _coded(text_of(raw, spec), uscc_slip, T("统一社会信用代码", "unified social credit code"))
        case "phone":
            number = re.sub(r"[\s-]", "", text_of(raw, spec))
            if phone_slip(number):
                raise Slip(T("电话号码不对", "This is not a phone number"))
            return number
        case "long":
            return text_of(raw, spec, lines=True)
        case _:
            return text_of(raw, spec)


def tidy(text: str) -> str:
    """Return text without what cannot be seen: control, zero-width and direction characters, outer blanks."""
    if not text.isprintable() or not text.isascii():
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = _HIDDEN.sub("", text)
    return text.strip()


def narrow(text: str) -> str:
    """Return text with full-width digits, letters and signs made plain: ２０２６－０１ is 2026-01."""
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def text_of(raw: Any, spec: Spec, *, lines: bool = False) -> str:
    """Return a value as text fit for the column. Raises Slip when too long or damaged by a spreadsheet."""
    column = spec.column
    if isinstance(raw, bool):
        text = "是" if raw else "否"
    elif isinstance(raw, int | float | Decimal):
        if not -(10**40) < raw < 10**40:
            raise Slip(T("数字太大", "The number is too large"))
        if isinstance(raw, float) and abs(raw) >= 10**15:
            raise Slip(DIGITS_LOST)
        # A spreadsheet hands 13800001111 over as a number; nobody means "13800001111.0".
        text = f"{raw:.0f}" if raw == int(raw) else str(raw)
    elif isinstance(raw, datetime):
        text = raw.strftime("%Y-%m-%d %H:%M")
    elif isinstance(raw, date):
        text = raw.isoformat()
    elif isinstance(raw, str):
        text = tidy(raw)
    else:
        raise Slip(T("这一项的格式不对", "This entry has the wrong form"))
    if column.kind in ("id_number", "uscc", "phone", "code", "region"):
        text = narrow(text)
        if re.fullmatch(r"\d(\.\d+)?[Ee]\+\d+", text):
            raise Slip(DIGITS_LOST)
    if not lines:
        text = re.sub(r"\s+", " ", text)
    if len(text) > spec.limit:
        raise Slip(
            T("最多 {n} 个字，现在有 {m} 个", "At most {n} characters; there are {m}").fill(
                n=spec.limit, m=len(text)
            )
        )
    return text


def mask(column: Column, text: str) -> str:
    """Return what may be shown of a sealed value."""
    if column.kind in ("id_number", "uscc", "code"):
        return masked_id(text)
    if column.kind == "phone":
        return masked_phone(text)
    return masked_name(text)


def _number(raw: Any) -> Decimal:
    if isinstance(raw, bool):
        raise Slip(T("这里要填数字", "A number is needed here"))
    if isinstance(raw, int | Decimal):
        return Decimal(raw)
    if isinstance(raw, float):
        return Decimal(repr(raw))
    if not isinstance(raw, str):
        raise Slip(T("这里要填数字", "A number is needed here"))
    text = narrow(tidy(raw)).removeprefix("¥").removeprefix("￥").removesuffix("元").strip()
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", text):
        text = text.replace(",", "")
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text, re.ASCII) or len(text) > 60:
        raise Slip(T("“{text}”不是数字", "“{text}” is not a number").fill(text=text[:40]))
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Slip(T("这里要填数字", "A number is needed here")) from None


def _integer(spec: Spec, raw: Any) -> int:
    number = _number(raw)
    if not number.is_finite() or number != number.to_integral_value():
        raise Slip(T("这里要填整数", "A whole number is needed here"))
    if not spec.low <= number <= spec.high:
        raise Slip(
            T("数字应在 {low} 到 {high} 之间", "The number must be between {low} and {high}").fill(
                low=spec.low, high=spec.high
            )
        )
    return int(number)


def _decimal(spec: Spec, raw: Any) -> Decimal:
    number = _number(raw)
    if not number.is_finite():
        raise Slip(T("这里要填数字", "A number is needed here"))
    places = 2 if spec.column.kind == "money" else spec.places
    if abs(number) >= Decimal(10) ** min(spec.digits - places, 20):
        raise Slip(T("数字太大", "The number is too large"))
    scaled = number.scaleb(places)
    if isinstance(raw, float):  # 0.1 + 0.2 of a spreadsheet is meant as 0.3
        number = round(number, places)
    elif scaled != scaled.to_integral_value():
        raise Slip(T("最多 {n} 位小数", "At most {n} decimal places").fill(n=places))
    return number.quantize(Decimal(1).scaleb(-places))


_DATE = re.compile(r"(\d{4})\s*(?:[-/.年])\s*(\d{1,2})\s*(?:[-/.月])\s*(\d{1,2})\s*日?")
_SOLID = re.compile(r"(\d{4})(\d{2})(\d{2})")
_CLOCK = re.compile(r"(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?)?[秒分]?")
_BAD_DATE = T("“{text}”不是日期，写成 2026-01-02 即可", "“{text}” is not a date; write it as 2026-01-02")


def _date(raw: Any) -> date:
    if isinstance(raw, datetime):
        return (raw.astimezone(CHINA) if raw.tzinfo else raw).date()
    if isinstance(raw, date):
        return raw
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        if 19000101 <= raw <= 29991231:
            return _date(str(int(raw)))
        return _serial(float(raw)).date()
    if not isinstance(raw, str):
        raise Slip(_BAD_DATE.fill(text=str(raw)[:40]))
    text = narrow(tidy(raw))
    if re.fullmatch(r"\d{5}", text, re.ASCII):
        return _serial(float(text)).date()
    found = _DATE.match(text) or _SOLID.match(text)
    rest = text[found.end() :].strip(" T") if found else ""
    if found is None or (rest and not _CLOCK.match(rest)):
        raise Slip(_BAD_DATE.fill(text=text[:40]))
    return _day(found, text)


def _datetime(raw: Any) -> datetime:
    if isinstance(raw, datetime):
        return raw if raw.tzinfo else raw.replace(tzinfo=CHINA)
    if isinstance(raw, date):
        return datetime.combine(raw, time(), CHINA)
    if isinstance(raw, int | float) and not isinstance(raw, bool) and raw < 3_000_000:
        return _serial(float(raw)).replace(tzinfo=CHINA)
    text = narrow(tidy(str(raw)))
    found = _DATE.match(text) or _SOLID.match(text)
    if found is None:
        raise Slip(_BAD_DATE.fill(text=text[:40]))
    day = _day(found, text)
    rest = text[found.end() :].strip(" T")
    if not rest:
        return datetime.combine(day, time(), CHINA)
    hour = _CLOCK.match(rest)
    zone = rest[hour.end() :].strip() if hour else "?"
    if hour is None or not re.fullmatch(r"(Z|[+-]\d{2}:?\d{2})?", zone):
        raise Slip(_BAD_DATE.fill(text=text[:40]))
    try:
        clock = time(int(hour[1]), int(hour[2]), int(hour[3] or 0))
    except ValueError:
        raise Slip(_BAD_DATE.fill(text=text[:40])) from None
    moment = datetime.combine(day, clock, CHINA)
    if zone == "Z":
        return moment.replace(tzinfo=UTC)
    if zone:
        hours, minutes = int(zone[1:3]), int(zone[-2:])
        shift = timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
        return moment.replace(tzinfo=UTC) - shift
    return moment


def _day(found: re.Match[str], text: str) -> date:
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise Slip(T("没有“{text}”这一天", "There is no such day as “{text}”").fill(text=text[:40])) from None


def _serial(number: float) -> datetime:
    # Days since 1899-12-30; before 1 March 1900 the spreadsheets count a day that never was.
    if not 60 < number < 2_958_466:
        raise Slip(_BAD_DATE.fill(text=str(number)))
    return _EPOCH + timedelta(days=int(number), seconds=round(number % 1 * 86400))


def _bool(raw: Any) -> bool:
    word = str(raw).strip().lower() if not isinstance(raw, str) else narrow(tidy(raw)).lower()
    if word in _YES or word == "1.0":
        return True
    if word in _NO or word == "0.0":
        return False
    raise Slip(T("请填“是”或“否”", "Write yes or no"))


def _choice(column: Column, raw: Any) -> str:
    word = str(int(raw)) if isinstance(raw, float) and raw == int(raw) else str(raw)
    plain = narrow(tidy(word)).casefold()
    for code, title in column.choices:
        if plain in (code.casefold(), narrow(title.zh).casefold(), narrow(title.en).casefold()):
            return code
    allowed = T(
        "、".join(t.zh for _, t in column.choices[:12]), ", ".join(t.en for _, t in column.choices[:12])
    )
    raise Slip(
        T("“{text}”不在选项中：{allowed}", "“{text}” is not one of: {allowed}").fill(
            text=tidy(word)[:40], allowed=allowed
        )
    )


def _found(value: Any, words: T) -> Any:
    if value is None:
        raise Slip(words)
    return value


def _id_number(text: str, today: date) -> str:
    number = text.upper().replace(" ", "")
    words = {
        "shape": T("身份证号应为 18 位", "An ID number has 18 characters"),
        "date": T("身份证号里的出生日期不对", "The birth date in the ID number cannot be right"),
        "check": T("身份证号校验位不对，请核对", "The ID number's check digit is wrong; please compare"),
    }
    slip = id_slip(number, today=today)
    if slip:
        raise Slip(words[slip])
    return number


def _coded(text: str, slip_of: Callable[[str], str | None], what: T) -> str:
    code = text.upper().replace(" ", "")
    slip = slip_of(code)
    if slip:
        words = {
            "shape": T("{what}应为 18 位", "A {what} has 18 characters"),
            "check": T("{what}校验位不对，请核对", "The check digit of the {what} is wrong; please compare"),
        }
        raise Slip(words.get(slip, words["shape"]).fill(what=what))
    return code
