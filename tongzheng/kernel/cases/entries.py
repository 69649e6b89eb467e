"""What may stand in one entry of a form: a parser for each kind of `Field`. Pure functions.

A parser takes what was typed (or sent as JSON) and returns the value to keep, or raises `Slip` with words for
the person. Kept values are plain JSON: money in fen (int), decimals as exact text, dates as ISO text,
a place as {"address", "lon"?, "lat"?}, an organisation by its id, a region by its code.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Protocol

from tongzheng.kernel.core.codes import id_slip, phone_slip, uscc_slip
from tongzheng.kernel.core.text import T

from .kinds import Field

LONGITUDES = (110.377, 112.330)
LATITUDES = (36.736, 38.730)
LONG_LIMIT = 20_000
LARGEST = Decimal(2**53 - 1)
"""The largest number that JSON readers in browsers keep exactly."""

REQUIRED = T("请填写", "Please fill this in")
CHOOSE = T("请选择", "Please choose")
UNREADABLE = T(
    "内容里有不能保存的字符，请删去后重新输入", "There is a character that cannot be kept; please retype this"
)
SHAPE = T("这一项的格式不对", "This entry has the wrong form")


class Slip(Exception):
    """An entry breaks its rule; `words` tell the person which and how to mend it."""

    def __init__(self, words: T) -> None:
        self.words = words
        super().__init__(words.en)


class Lookup(Protocol):
    """Knows the names of regions and organisations; None means that there is none such."""

    def region_name(self, code: str) -> str | None: ...

    def organisation_name(self, id: int) -> str | None: ...


def text_of(raw: Any, limit: int) -> str:
    """Return typed text fit to be kept: no NUL, no control or direction-override characters, trimmed.

    Raises Slip when it is no text, holds what no database keeps, or is longer than `limit` characters.
    """
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise Slip(SHAPE)
    text = str(raw)
    if len(text) > 4 * limit + 1000:
        raise Slip(_too_long(limit, len(text)))
    if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise Slip(UNREADABLE)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n").replace("\x0c", "\n")
    text = "".join(c for c in unicodedata.normalize("NFC", text) if c in "\n\t" or not _invisible(c)).strip()
    if len(text) > limit:
        raise Slip(_too_long(limit, len(text)))
    return text


def _invisible(c: str) -> bool:
    kind = unicodedata.category(c)
    return kind == "Cc" or c in "\u200b\u2060\ufeff" or "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069"


def _too_long(limit: int, length: int) -> T:
    return T("最多 {n} 个字，现在有 {m} 个", "At most {n} characters; there are {m}").fill(n=limit, m=length)


def code_of(raw: Any, limit: int = 64) -> str:
    """Return a code as its standard writes it: full-width forms made plain, no blanks or hyphens, capitals."""
    plain = unicodedata.normalize("NFKC", text_of(raw, limit))
    plain = re.sub(r"[\s\-\u2010-\u2015\u00ad·]", "", plain).upper()
    if not plain:
        raise Slip(REQUIRED)
    return plain


def _line(field: Field, raw: Any) -> str:
    text = re.sub(r"\s*\n\s*|\t", " ", text_of(raw, min(field.max_length, LONG_LIMIT)))
    return _patterned(field, text)


def _long(field: Field, raw: Any) -> str:
    return _patterned(field, text_of(raw, min(field.max_length, LONG_LIMIT)))


def _patterned(field: Field, text: str) -> str:
    if not text:
        raise Slip(REQUIRED)
    if field.pattern and not re.fullmatch(field.pattern, text):
        raise Slip(field.pattern_words or SHAPE)
    return text


def _number(raw: Any, places: int) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise Slip(SHAPE)
    if isinstance(raw, float):
        raw = f"{raw:.6f}".rstrip("0").rstrip(".") if abs(raw) < 1e15 else "?"
    elif isinstance(raw, int):
        raw = str(raw) if abs(raw) <= LARGEST else "?"
    plain = unicodedata.normalize("NFKC", text_of(raw, 40)).replace("−", "-").lstrip("¥￥").removesuffix("元")
    plain = plain.strip()
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", plain, re.ASCII):
        plain = plain.replace(",", "")
    if not plain:
        raise Slip(REQUIRED)
    if not re.fullmatch(r"[+-]?(\d{1,20}(\.\d{1,20})?|\.\d{1,20})", plain, re.ASCII):
        raise Slip(T("请填数字", "Please give a number"))
    number = Decimal(plain)
    if len(plain.partition(".")[2].rstrip("0")) > places:
        if places:
            raise Slip(T("最多 {n} 位小数", "At most {n} decimal places").fill(n=places))
        raise Slip(T("请填整数", "Please give a whole number"))
    if abs(number) * 10**places > LARGEST:
        raise Slip(T("数字太大", "The number is too large"))
    return number


def _bounded(field: Field, number: Decimal) -> Decimal:
    if field.minimum is not None and number < Decimal(str(field.minimum)):
        raise Slip(T("不能小于 {n}", "Not less than {n}").fill(n=f"{field.minimum:g}"))
    if field.maximum is not None and number > Decimal(str(field.maximum)):
        raise Slip(T("不能大于 {n}", "Not more than {n}").fill(n=f"{field.maximum:g}"))
    return number


def _integer(field: Field, raw: Any) -> int:
    return int(_bounded(field, _number(raw, 0)))


def _decimal(field: Field, raw: Any) -> str:
    number = _bounded(field, _number(raw, 6))
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if Decimal(text) == 0 else text.lstrip("+")


def _money(field: Field, raw: Any) -> int:
    yuan = _bounded(field, _number(raw, 2))
    if yuan < 0 and field.minimum is None:
        raise Slip(T("金额不能为负", "An amount cannot be negative"))
    return int(yuan * 100)


_DATES = (
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})",
    r"(\d{4})(\d{2})(\d{2})",
    r"(\d{4})年(\d{1,2})月(\d{1,2})日?",
)


def _date(field: Field, raw: Any, today: date) -> str:
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text_of(raw, 40)))
    if not plain:
        raise Slip(REQUIRED)
    for form in _DATES:
        if found := re.fullmatch(form, plain, re.ASCII):
            try:
                day = date(*(int(part) for part in found.groups()))
            except ValueError:
                raise Slip(T("日历上没有这一天", "There is no such day")) from None
            break
    else:
        raise Slip(T("请按 2026-11-23 的样子填日期", "Please write the date like 2026-11-23"))
    if not 1880 <= day.year <= 2200:
        raise Slip(T("年份不对，请核对", "Please check the year"))
    first = today + timedelta(days=int(field.minimum)) if field.minimum is not None else None
    last = today + timedelta(days=int(field.maximum)) if field.maximum is not None else None
    if first and day < first:
        raise Slip(T("不能早于 {day}", "Not before {day}").fill(day=first.isoformat()))
    if last and day > last:
        raise Slip(T("不能晚于 {day}", "Not after {day}").fill(day=last.isoformat()))
    return day.isoformat()


def _choice(field: Field, raw: Any) -> str:
    if raw in ("", None):
        raise Slip(CHOOSE)
    if not isinstance(raw, str | int) or str(raw) not in {name for name, _ in field.choices}:
        raise Slip(T("请从所列的里面选", "Please choose one of those listed"))
    return str(raw)


def _choices(field: Field, raw: Any) -> list[str]:
    given = [raw] if isinstance(raw, str | int) else raw
    if not isinstance(given, Sequence) or len(given) > 500:
        raise Slip(SHAPE)
    chosen = {_choice(field, one) for one in given if one not in ("", None)}
    if not chosen:
        raise Slip(CHOOSE)
    if field.maximum is not None and len(chosen) > field.maximum:
        raise Slip(T("最多选 {n} 项", "Choose at most {n}").fill(n=f"{field.maximum:g}"))
    if field.minimum is not None and len(chosen) < field.minimum:
        raise Slip(T("至少选 {n} 项", "Choose at least {n}").fill(n=f"{field.minimum:g}"))
    return [name for name, _ in field.choices if name in chosen]


YES = frozenset({"true", "1", "yes", "on", "是", "y"})
NO = frozenset({"false", "0", "no", "off", "否", "n"})


def _bool(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw in ("", None):
        raise Slip(T("请选“是”或“否”", "Please answer yes or no"))
    word = unicodedata.normalize("NFKC", text_of(raw, 8)).lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise Slip(T("请选“是”或“否”", "Please answer yes or no"))


_LIKE_X = str.maketrans({"Х": "X", "Χ": "X", "×": "X", "╳": "X"})
_ID_WORDS = {
    "date": T(
        "身份证号第 7 到 14 位不是有效的出生日期，请核对",
        "Digits 7 to 14 of the ID number are not a possible birth date; please check",
    ),
    "check": T(
        "身份证号校验位不对，请核对是否有一位输错或相邻两位颠倒",
        "The ID number's check digit does not fit: look for one wrong digit or two swapped",
    ),
}


def _id_number(raw: Any, today: date) -> str:
    number = code_of(raw).translate(_LIKE_X)
    slip = id_slip(number, today=today)
    if slip is None:
        return number
    if slip != "shape":
        raise Slip(_ID_WORDS[slip])
    if len(number) != 18:
        raise Slip(
            T("身份证号应为 18 位，现在是 {n} 位", "An ID number has 18 characters; there are {n}").fill(
                n=len(number)
            )
        )
    raise Slip(
        T(
            "身份证号应为 17 位数字，加最后一位数字或 X",
            "An ID number is 17 digits and a last digit or X",
        )
    )


def _uscc(raw: Any) -> str:
    code = code_of(raw)
    slip = uscc_slip(code)
    if slip is None:
        return code
    if slip == "check":
        raise Slip(
            T(
                "统一社会信用代码校验位不对，请核对是否有一位输错",
                "The credit code's check character does not fit; please look for a wrong character",
            )
        )
    if len(code) != 18:
        raise Slip(
            T(
                "统一社会信用代码应为 18 位，现在是 {n} 位",
                "A unified social credit code has 18 characters; there are {n}",
            ).fill(n=len(code))
        )
    wrong = [c for c in code if c in "IOSVZ"]
    if wrong:
        raise Slip(
            T(
                "统一社会信用代码不用字母 I、O、S、V、Z，请看看“{c}”是不是数字",
                "A credit code has no letters I, O, S, V or Z; is “{c}” a digit?",
            ).fill(c=wrong[0])
        )
    raise Slip(
        T(
            "统一社会信用代码只有数字和大写字母，第 3 到 8 位是区划数字",
            "A credit code is digits and capitals; characters 3 to 8 are the region's digits",
        )
    )


def _phone(raw: Any) -> str:
    number = re.sub(r"[()]", "", code_of(raw))
    number = re.sub(r"^(\+?86|0086)(?=1[3-9]\d{9}$)", "", number, flags=re.ASCII)
    if phone_slip(number):
        raise Slip(
            T(
                "电话号码不对：手机号 11 位，座机请带区号，如 0358-8222222",
                "Not a phone number: 11 digits for a mobile, area code and number for a landline",
            )
        )
    return number


def _email(raw: Any) -> str:
    address = unicodedata.normalize("NFKC", text_of(raw, 254))
    if not address:
        raise Slip(REQUIRED)
    found = re.fullmatch(
        r"([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64})@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63})",
        address,
        re.ASCII,
    )
    if not found or ".." in found[1] or found[1].startswith(".") or found[1].endswith("."):
        raise Slip(T("电子邮箱格式不对，应像 name@example.cn", "Not an e-mail address like name@example.cn"))
    return f"{found[1]}@{found[2].lower()}"


def _region(raw: Any, lookup: Lookup | None) -> str:
    if raw in ("", None):
        raise Slip(CHOOSE)
    code = code_of(raw)
    if not re.fullmatch(r"\d{6}|\d{9}|\d{12}", code, re.ASCII):
        raise Slip(T("请从区划里选择", "Please choose from the regions"))
    if lookup is not None and lookup.region_name(code) is None:
        raise Slip(T("没有这个区划", "There is no such region"))
    return code


def _organisation(raw: Any, lookup: Lookup | None) -> int:
    if raw in ("", None):
        raise Slip(CHOOSE)
    plain = code_of(raw, 32)
    if not re.fullmatch(r"\d{1,18}", plain, re.ASCII) or int(plain) == 0:
        raise Slip(T("请从所列单位里选择", "Please choose one of the organisations"))
    if lookup is not None and lookup.organisation_name(int(plain)) is None:
        raise Slip(T("没有这个单位", "There is no such organisation"))
    return int(plain)


def _place(field: Field, raw: Any) -> dict[str, Any]:
    given: Mapping[Any, Any] = raw if isinstance(raw, Mapping) else {"address": raw}
    if extra := [key for key in given if key not in ("address", "lon", "lat")]:
        raise Slip(T("地点里没有“{name}”", "A place has no “{name}”").fill(name=str(extra[0])[:40]))
    address = re.sub(
        r"\s*\n\s*|\t", " ", text_of(given.get("address") or "", min(field.max_length, LONG_LIMIT))
    )
    if not address:
        raise Slip(T("请填写地址", "Please give the address"))
    lon, lat = given.get("lon"), given.get("lat")
    if lon in ("", None) and lat in ("", None):
        return {"address": address}
    try:
        east, north = float(_number(lon, 12)), float(_number(lat, 12))
    except Slip:
        raise Slip(
            T(
                "坐标不对，请重新选点，或只填地址",
                "The point is not readable: pick it again, or give the address only",
            )
        ) from None
    if not (LONGITUDES[0] <= east <= LONGITUDES[1] and LATITUDES[0] <= north <= LATITUDES[1]):
        raise Slip(T("这一点不在本市，请重新选点", "This point is outside the city; please pick it again"))
    return {"address": address, "lon": round(east, 6), "lat": round(north, 6)}


def parser(field: Field, *, today: date, lookup: Lookup | None) -> Callable[[Any], Any]:
    """Return what reads this field's entry. Raises KeyError for a kind that there is not."""
    parsers: dict[str, Callable[[Any], Any]] = {
        "text": lambda raw: _line(field, raw),
        "long": lambda raw: _long(field, raw),
        "integer": lambda raw: _integer(field, raw),
        "decimal": lambda raw: _decimal(field, raw),
        "money": lambda raw: _money(field, raw),
        "date": lambda raw: _date(field, raw, today),
        "choice": lambda raw: _choice(field, raw),
        "choices": lambda raw: _choices(field, raw),
        "bool": _bool,
        "id_number": lambda raw: _id_number(raw, today),
        "uscc": _uscc,
        "phone": _phone,
        "email": _email,
        "region": lambda raw: _region(raw, lookup),
        "place": lambda raw: _place(field, raw),
        "organisation": lambda raw: _organisation(raw, lookup),
    }
    return parsers[field.kind]


KINDS = (
    *("text", "long", "integer", "decimal", "money", "date", "choice", "choices", "bool", "id_number"),
    *("uscc", "phone", "email", "region", "place", "organisation", "file", "files"),
)
