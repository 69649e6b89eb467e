"""XPath regular expressions: read strictly by their own grammar, written in Python's, run against the clock.

`regex` has the character classes that XPath needs (subtraction, Unicode blocks) and, above all, a timeout, so that a
pattern that backtracks for ever ends with a message.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import regex

from .notes import Exhausted, NotFeel, Run

MAX_PATTERN = 2_000
SECONDS = 0.25
PLAIN_ESCAPES = frozenset("\\|.-^?*+{}()[]$")
CONTROL = {"n": r"\n", "r": r"\r", "t": r"\t"}
NAME_START = r":A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd"
NAME_PART = NAME_START + r"\-.0-9\u00b7\u0300-\u036f\u203f-\u2040"
CLASSES = {
    "s": r"[ \t\n\r]", "S": r"[^ \t\n\r]", "d": r"\p{Nd}", "D": r"\P{Nd}",
    "w": r"[^\p{P}\p{Z}\p{C}]", "W": r"[\p{P}\p{Z}\p{C}]",
    "i": f"[{NAME_START}]", "I": f"[^{NAME_START}]", "c": f"[{NAME_PART}]", "C": f"[^{NAME_PART}]",
}  # fmt: skip
CATEGORIES = frozenset(
    [
        "L",
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "M",
        "Mn",
        "Mc",
        "Me",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Ps",
        "Pe",
        "Pi",
        "Pf",
        "Po",
        "Z",
        "Zs",
        "Zl",
        "Zp",
        "S",
        "Sm",
        "Sc",
        "Sk",
        "So",
        "C",
        "Cc",
        "Cf",
        "Co",
        "Cn",
    ]
)


class _Reader:
    """Reads one pattern by the grammar of XPath and XML Schema."""

    def __init__(self, text: str, *, dotall: bool) -> None:
        self.text = text
        self.at = 0
        self.dot = r"(?s:.)" if dotall else r"[^\n\r]"
        self.groups = 0
        self.closed: set[int] = set()

    def bad(self) -> NotFeel:
        return NotFeel("正则表达式有误", "the regular expression is malformed", at=self.at)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def whole(self) -> str:
        found = self.branches(0)
        if self.at < len(self.text):
            raise self.bad()
        return found

    def branches(self, depth: int) -> str:
        if depth > 50:
            raise self.bad()
        found = [self.branch(depth)]
        while self.peek() == "|":
            self.at += 1
            found.append(self.branch(depth))
        return "|".join(found)

    def branch(self, depth: int) -> str:
        found: list[str] = []
        while (here := self.peek()) and here not in "|)":
            found.append(self.piece(here, depth))
        return "".join(found)

    def piece(self, here: str, depth: int) -> str:
        if here in "^$":
            self.at += 1
            atom = "^" if here == "^" else "$"
        elif here == "(":
            atom = self.group(depth)
        elif here == "[":
            atom = self.bracket(0)
        elif here == "\\":
            atom = self.escape()
        elif here == ".":
            self.at += 1
            atom = self.dot
        elif here in "?*+{}]":
            raise self.bad()
        else:
            self.at += 1
            atom = regex.escape(here, literal_spaces=True)
        return atom + self.quantifier(here)

    def group(self, depth: int) -> str:
        self.at += 1
        number = 0
        if self.text.startswith("?:", self.at):
            self.at += 2
        else:
            self.groups += 1
            number = self.groups
        inner = self.branches(depth + 1)
        if self.peek() != ")":
            raise self.bad()
        self.at += 1
        if number:
            self.closed.add(number)
        return f"({inner})" if number else f"(?:{inner})"

    def quantifier(self, atom: str) -> str:
        here = self.peek()
        if here and here in "?*+":
            self.at += 1
            found = here
        elif here == "{":
            end = self.text.find("}", self.at)
            found = self.text[self.at : end + 1]
            bounds = regex.fullmatch(r"\{([0-9]{1,4})(,([0-9]{1,4})?)?\}", found) if end > 0 else None
            if bounds is None or (bounds[3] and int(bounds[3]) < int(bounds[1])):
                raise self.bad()
            self.at = end + 1
        else:
            return ""
        if atom in "^$":
            raise self.bad()
        if self.peek() == "?":
            self.at += 1
            found += "?"
        return found

    def escape(self) -> str:
        here = self.text[self.at + 1 : self.at + 2]
        self.at += 2
        if here.isdigit() and here.isascii():
            return self.back_reference(here)
        return self.single(here)

    def back_reference(self, digits: str) -> str:
        while (more := self.text[self.at : self.at + 1]).isdigit() and int(digits + more) <= self.groups:
            digits += more
            self.at += 1
        if int(digits) not in self.closed:
            raise self.bad()
        return rf"(?:\{digits})" if len(digits) == 1 else rf"(?:\g<{digits}>)"

    def single(self, here: str) -> str:
        if here and here in PLAIN_ESCAPES:
            return str(regex.escape(here))
        if here in CONTROL:
            return CONTROL[here]
        if here in CLASSES:
            return CLASSES[here]
        if here and here in "pP":
            end = self.text.find("}", self.at)
            name = self.text[self.at + 1 : end]
            if self.text[self.at : self.at + 1] != "{" or end < 0:
                raise self.bad()
            self.at = end + 1
            if name in CATEGORIES:
                return rf"\{here}{{{name}}}"
            if name.startswith("Is") and regex.fullmatch(r"Is[A-Za-z0-9\-]+", name):
                return rf"\{here}{{Blk={name[2:]}}}"
        raise self.bad()

    def bracket(self, depth: int) -> str:
        if depth > 10:
            raise self.bad()
        self.at += 1
        negative = self.text[self.at : self.at + 1] == "^"
        self.at += negative
        found: list[str] = []
        minus = ""
        while True:
            here = self.inner_peek()
            if not here:
                raise self.bad()
            if here == "]":
                if not found:
                    raise self.bad()
                self.at += 1
                break
            if here == "-" and self.text[self.at + 1 : self.at + 2] == "[" and found:
                self.at += 1
                minus = "--" + self.bracket(depth + 1)
                if self.inner_peek() != "]":
                    raise self.bad()
                self.at += 1
                break
            found.append(self.member(here, first=not found))
        body = f"[{'^' if negative else ''}{''.join(found)}]"
        return f"[{body}{minus}]" if minus else body

    def inner_peek(self) -> str:
        """Look at the next character of a class."""
        return self.text[self.at : self.at + 1]

    def member(self, here: str, *, first: bool) -> str:
        low, simple = self.atom(here, first=first)
        if self.inner_peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", "[", ""):
            if not simple:
                raise self.bad()
            self.at += 1
            high, plain = self.atom(self.inner_peek(), first=False, last=True)
            if not plain or _char(high) < _char(low):
                raise self.bad()
            return f"{low}-{high}"
        return low

    def atom(self, here: str, *, first: bool, last: bool = False) -> tuple[str, bool]:
        self.at += 1
        if here == "\\":
            code = self.text[self.at : self.at + 1]
            self.at += 1
            return self.single(code), code in PLAIN_ESCAPES or code in CONTROL
        if here == "[":
            raise self.bad()
        if here == "-" and not first and not last and self.inner_peek() != "]":
            raise self.bad()
        return ("\\" + here if here in "-^&~|[]\\" else here), True


def _char(text: str) -> int:
    return ord({r"\n": "\n", r"\r": "\r", r"\t": "\t"}.get(text, text[-1]))


@lru_cache(maxsize=500)
def compiled(pattern: str, flags: str) -> Any:
    """Return the pattern ready to run. Raises NotFeel when it, or its flags, are not XPath's."""
    if len(pattern) > MAX_PATTERN:
        raise NotFeel("正则表达式过长", "the regular expression is too long")
    if set(flags) - set("smixq"):
        raise NotFeel("正则标志只有 s m i x q", "the flags are s, m, i, x and q")
    options = regex.VERSION1
    if "i" in flags:
        options |= regex.IGNORECASE
    if "q" in flags:
        return regex.compile(regex.escape(pattern), options)
    if "m" in flags:
        options |= regex.MULTILINE
    text = _Reader(_without_spaces(pattern) if "x" in flags else pattern, dotall="s" in flags).whole()
    if "m" not in flags:
        text = _absolute(text)
    try:
        return regex.compile(f"(?-f){text}" if "i" in flags else text, options)
    except (regex.error, OverflowError, MemoryError, RecursionError):
        raise NotFeel("正则表达式有误", "the regular expression is malformed") from None


def _without_spaces(pattern: str) -> str:
    """Return a pattern as the flag x has it: no white space, except within a class."""
    found, inside, escaped = [], 0, False
    for here in pattern:
        if not inside and here in " \t\n\r":
            continue
        if not escaped:
            inside += (here == "[") - (here == "]" and inside > 0)
        escaped = here == "\\" and not escaped
        found.append(here)
    return "".join(found)


def _absolute(text: str) -> str:
    """Make `$` the very end, not also the place before a last line feed."""
    found, inside, number = [], 0, 0
    while number < len(text):
        here = text[number]
        if here == "\\":
            found.append(text[number : number + 2])
            number += 2
            continue
        inside += (here == "[") - (here == "]" and inside > 0)
        found.append(r"\Z" if here == "$" and not inside else here)
        number += 1
    return "".join(found)


def search(run: Run, text: str, pattern: Any) -> bool:
    """Tell whether the pattern is found in the text."""
    try:
        return pattern.search(text, timeout=_time(run)) is not None
    except TimeoutError:
        raise _slow() from None


def parts(run: Run, text: str, pattern: Any) -> list[str]:
    """Return the text between the places where the pattern is found."""
    found, begin = [], 0
    try:
        for there in pattern.finditer(text, timeout=_time(run)):
            if there.end() == there.start():
                continue
            found.append(text[begin : there.start()])
            begin = there.end()
            run.tick()
    except TimeoutError:
        raise _slow() from None
    found.append(text[begin:])
    run.sized(len(found))
    return found


def replaced(run: Run, text: str, pattern: Any, replacement: str, *, literal: bool) -> str:
    """Return the text with every place that is found replaced; `$1` stands for a group."""
    pieces = [replacement] if literal else _pieces(replacement, pattern.groups)
    found: list[str] = []
    begin = size = 0
    try:
        for there in pattern.finditer(text, timeout=_time(run)):
            new = "".join(piece if isinstance(piece, str) else there[piece] or "" for piece in pieces)
            size += len(new)
            run.lettered(size)
            found += (text[begin : there.start()], new)
            begin = there.end()
    except TimeoutError:
        raise _slow() from None
    found.append(text[begin:])
    return "".join(found)


def _pieces(replacement: str, groups: int) -> list[str | int]:
    """Read a replacement: `$n`, `\\$` and `\\\\`. Raises NotFeel at any other `$` or `\\`."""
    found: list[str | int] = []
    at = 0
    while at < len(replacement):
        here = replacement[at]
        after = replacement[at + 1 : at + 2]
        if here == "\\":
            if after not in ("\\", "$"):
                raise NotFeel("替换文本有误", "the replacement is malformed")
            found.append(after)
            at += 2
        elif here == "$":
            if not (after.isdigit() and after.isascii()):
                raise NotFeel("替换文本有误", "the replacement is malformed")
            digits = after
            at += 2
            while (more := replacement[at : at + 1]).isdigit() and int(digits + more) <= groups:
                digits += more
                at += 1
            found.append(int(digits) if int(digits) <= groups else "")
        else:
            found.append(here)
            at += 1
    return found


def _time(run: Run) -> float:
    return max(0.01, min(SECONDS, run.left()))


def _slow() -> Exhausted:
    return Exhausted("正则匹配超时", "the regular expression takes too long")
