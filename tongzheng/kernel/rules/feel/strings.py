"""Built-in functions on texts, and those that make a text of a value or a value of a text."""

from __future__ import annotations

import re
from decimal import Decimal, DecimalException
from typing import Any

from .functions import feel
from .names import is_name
from .notes import NotFeel, Run
from .regexes import compiled, parts, replaced, search
from .values import MATH, Function, Range

NUMERAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)


@feel("string length", "string:s", returns="n")
def string_length(run: Run, string: str) -> Any:
    return Decimal(len(string))


@feel("substring", "string:s, start position:n, length:n?", returns="s")
def substring(run: Run, string: str, start: Decimal, length: Decimal | None = None) -> Any:
    place = int(start)
    if place == 0 or abs(place) > len(string):
        return run.null("起始位置超出文本", "the start position is outside the string")
    begin = place - 1 if place > 0 else len(string) + place
    if length is None:
        return string[begin:]
    if (size := int(length)) < 1:
        return run.null("长度须为正数", "the length is positive")
    return string[begin : begin + size]


@feel("upper case", "string:s", returns="s")
def upper_case(run: Run, string: str) -> Any:
    run.lettered(len(string))
    return string.upper()


@feel("lower case", "string:s", returns="s")
def lower_case(run: Run, string: str) -> Any:
    run.lettered(len(string))
    return string.lower()


@feel("substring before", "string:s, match:s", returns="s")
def substring_before(run: Run, string: str, match: str) -> Any:
    return string.partition(match)[0] if match and match in string else ""


@feel("substring after", "string:s, match:s", returns="s")
def substring_after(run: Run, string: str, match: str) -> Any:
    if not match:
        return string
    return string.partition(match)[2]


@feel("contains", "string:s, match:s", returns="b")
def contains(run: Run, string: str, match: str) -> Any:
    return match in string


@feel("starts with", "string:s, match:s", returns="b")
def starts_with(run: Run, string: str, match: str) -> Any:
    return string.startswith(match)


@feel("ends with", "string:s, match:s", returns="b")
def ends_with(run: Run, string: str, match: str) -> Any:
    return string.endswith(match)


@feel("matches", "input:s, pattern:s, flags:s?0", returns="b")
def matches(run: Run, input: str, pattern: str, flags: str | None = None) -> Any:
    try:
        return search(run, input, compiled(pattern, flags or ""))
    except NotFeel as error:
        return run.null(error.note.zh, error.note.en)


@feel("replace", "input:s, pattern:s, replacement:s, flags:s?0", returns="s")
def replace(run: Run, input: str, pattern: str, replacement: str, flags: str | None = None) -> Any:
    try:
        ready = compiled(pattern, flags or "")
        if search(run, "", ready):
            return run.null("正则表达式能匹配空文本", "the regular expression matches the empty string")
        return replaced(run, input, ready, replacement, literal="q" in (flags or ""))
    except NotFeel as error:
        return run.null(error.note.zh, error.note.en)


@feel("split", "string:s, delimiter:s", returns="l")
def split(run: Run, string: str, delimiter: str) -> Any:
    try:
        return parts(run, string, compiled(delimiter, ""))
    except NotFeel as error:
        return run.null(error.note.zh, error.note.en)


@feel("string join", "list:l, delimiter:s?0", returns="s")
def string_join(run: Run, list: list[Any], delimiter: str | None = None) -> Any:
    texts = [item for item in list if item is not None]
    if not all(isinstance(item, str) for item in texts):
        return run.null("列表里有不是文本的项", "the list has an item that is no string")
    run.lettered(sum(len(item) for item in texts) + len(delimiter or "") * len(texts))
    return (delimiter or "").join(texts)


@feel("not", "negand:a", returns="b")
def feel_not(run: Run, negand: Any) -> Any:
    if isinstance(negand, list) and len(negand) == 1:
        negand = negand[0]
    return not negand if isinstance(negand, bool) else run.null("不是布尔值", "it is no boolean")


@feel("number", "from:s", "from:s, grouping separator:s0, decimal separator:s0", returns="n")
def number(run: Run, text: str, grouping: str | None = None, point: str | None = None) -> Any:
    if (
        grouping not in (None, " ", ",", ".")
        or point not in (None, ",", ".")
        or (grouping and grouping == point)
    ):
        return run.null("分隔符有误", "the separators cannot be used")
    if grouping:
        text = text.replace(grouping, "")
    if point:
        if point != "." and "." in text:
            return run.null("不是数", "it is no number")
        text = text.replace(point, ".")
    if not NUMERAL.fullmatch(text):
        return run.null("不是数", "it is no number")
    try:
        return MATH.create_decimal(text)
    except DecimalException:
        return run.null("数超出范围", "the number is out of range")


@feel("number", "from:n", returns="n")
def number_of_number(run: Run, number: Decimal) -> Any:
    return number


@feel("string", "from:a", returns="s")
def string(run: Run, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, Function):
        return run.null("函数没有文本", "a function has no text")
    found = text_of(run, value, top=True)
    run.lettered(len(found))
    return found


def numeral(number: Decimal) -> str:
    """Return a number as plain digits."""
    if not number:
        number = abs(number)
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and abs(exponent) > 400:
        return str(number)
    return format(number, "f")


def text_of(run: Run, value: Any, *, top: bool = False) -> str:
    """Return a value as an expression would write it; a text at the top is itself."""
    run.tick()
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return numeral(value)
    if isinstance(value, str):
        return value if top else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ", ".join(text_of(run, item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(run, key)}: {text_of(run, item)}" for key, item in value.items()) + "}"
    if isinstance(value, Range):
        left = "[" if value.start_included else "("
        right = "]" if value.end_included else ")"
        start = "" if value.start is None else text_of(run, value.start)
        end = "" if value.end is None else text_of(run, value.end)
        return f"{left}{start}..{end}{right}"
    if isinstance(value, Function):
        return f"function({', '.join(value.names)})"
    return str(value)


def _key(run: Run, key: str) -> str:
    return key if is_name(key) else text_of(run, key)
