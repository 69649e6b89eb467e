"""Which characters make a FEEL name, and when two spellings are one name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

START = (
    "?A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3004-\u3007\u3021-\ud7ff\uf900-\ufdcf\ufdf0-\ufeff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a"
    "\uff66-\ufffd\U00010000-\U000effff"
)
"""The specification's, less the full-width punctuation that a Chinese keyboard gives for , ( : and the like."""
PART = START + "0-9\u00b7\u0300-\u036f\u203f\u2040"
SPACE = "\t\n\x0b\x0c\r \u0085\u00a0\u1680\u180e\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
SYMBOLS = "./\\-'+*"

WORD = re.compile(f"[{START}][{PART}]*")
CHAIN = re.compile(f"[{SPACE}]+([{PART}]+)")
SPACES = re.compile(f"[{SPACE}]+")
SYMBOL = re.compile(f"[{SPACE}]*([{re.escape(SYMBOLS)}])[{SPACE}]*")
PIECE = re.compile(f"[{PART}]+|[{re.escape(SYMBOLS)}]")

STOPS = frozenset(["and", "or", "in", "between", "then", "else", "return", "satisfies"])
"""Words that end a name, unless the name is known with them inside."""
WORDS = STOPS | frozenset(
    ["if", "for", "some", "every", "function", "not", "null", "true", "false", "instance"]
)


@lru_cache(maxsize=20_000)
def tidy(name: str) -> str:
    """Return a name with its spaces made single and none at the ends."""
    return SPACES.sub(" ", name).strip()


@lru_cache(maxsize=20_000)
def same_key(name: str) -> str:
    """Return what two spellings of one name share: no spaces beside symbols."""
    return SYMBOL.sub(r"\1", tidy(name))


@lru_cache(maxsize=20_000)
def pieces(name: str) -> tuple[str, ...]:
    """Return the words and symbols of a name, in order."""
    return tuple(PIECE.findall(name))


def hard(name: str) -> bool:
    """Tell whether a name can be told from an expression only by knowing it."""
    found = pieces(name)
    return len(found) > 1 and any(piece in SYMBOLS or piece in WORDS for piece in found)


def is_name(name: str) -> bool:
    """Tell whether a text can be a name at all."""
    found = pieces(name)
    return bool(found) and bool(WORD.fullmatch(found[0])) and "".join(found) == SPACES.sub("", name)


class Names:
    """The hard names that an expression may meet, found longest first."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._by_first: dict[str, dict[tuple[str, ...], str]] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Take in a name; one that reads the same whether known or not is passed over."""
        name = tidy(name)
        if hard(name):
            found = pieces(name)
            self._by_first.setdefault(found[0], {})[found] = name

    def match(self, text: str, at: int, first: str) -> tuple[str, int] | None:
        """Return the longest known name that begins at the place, and where it ends."""
        known = self._by_first.get(first)
        if not known:
            return None
        best: tuple[str, int] | None = None
        for found, name in known.items():
            end = _run(text, at, found)
            if end > 0 and (best is None or end > best[1]):
                best = name, end
        return best


def _run(text: str, at: int, found: tuple[str, ...]) -> int:
    """Return where the pieces end when the text has them from the place on, else 0."""
    for number, piece in enumerate(found):
        gap = SPACES.match(text, at) if number else None
        begin = gap.end() if gap else at
        if number and gap is None and piece not in SYMBOLS and found[number - 1] not in SYMBOLS:
            return 0
        there = PIECE.match(text, begin)
        if there is None or there[0] != piece:
            return 0
        at = there.end()
    return at
