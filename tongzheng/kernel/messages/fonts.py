"""The faces that documents are printed with, and which characters they can print."""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pylopdf_fonts_zh_cn
from django.conf import settings

MISSING = "〓"
"""Printed for a character that no face has: the printers' turned letter, so that the gap is seen."""


@lru_cache(maxsize=1)
def folders() -> tuple[Path, ...]:
    """Return the folders of faces: the city's own (`fonts` in the data folder), then Noto Serif and Sans SC."""
    own = Path(settings.DATA) / "fonts"
    shipped = pylopdf_fonts_zh_cn.serif_path().parent
    return (own, shipped) if own.is_dir() else (shipped,)


@lru_cache(maxsize=1)
def printable() -> frozenset[int]:
    """Return the code points that some face can print."""
    found: set[int] = set()
    for folder in folders():
        for path in sorted(folder.glob("*.[ot]tf")):
            found |= covered(path.read_bytes())
    return frozenset(found)


def settled(text: str) -> str:
    """Return a text of which every character can be printed and every line broken.

    A character without a face becomes 〓 (a variation mark vanishes), more than four marks on one letter are cut,
    and a long word gets places to break, without which it would run off the page.
    """
    known = printable()
    if not all(ord(c) in known or c == "\n" for c in text):
        text = "".join(
            c if ord(c) in known or c == "\n" else " " if c.isspace() else MISSING
            for c in text
            if not 0xFE00 <= ord(c) <= 0xFE0F and not 0xE0100 <= ord(c) <= 0xE01EF
        )
    if not text.isascii():
        text = "".join(_few_marks(text))
    return _LONG.sub(lambda word: _PIECE.sub("\\g<0>\u200b", word[0]), text)


_LONG = re.compile(r"[!-\u2e7f]{31,}")
_PIECE = re.compile(r".{10}")


def _few_marks(text: str) -> Iterator[str]:
    marks = 0
    for c in text:
        marks = marks + 1 if unicodedata.category(c)[0] == "M" else 0
        if marks <= 4:
            yield c


def covered(font: bytes) -> set[int]:
    """Return the code points of an OpenType font's `cmap` (formats 4 and 12). Raises ValueError if it has none."""
    (count,) = struct.unpack_from(">H", font, 4)
    for place in range(12, 12 + 16 * count, 16):
        tag, _, start, _ = struct.unpack_from(">4sIII", font, place)
        if tag == b"cmap":
            break
    else:
        raise ValueError("the font has no cmap")
    found: set[int] = set()
    (tables,) = struct.unpack_from(">H", font, start + 2)
    for place in range(start + 4, start + 4 + 8 * tables, 8):
        (offset,) = struct.unpack_from(">I", font, place + 4)
        sub = start + offset
        (form,) = struct.unpack_from(">H", font, sub)
        if form == 12:
            (groups,) = struct.unpack_from(">I", font, sub + 12)
            for first, last, _ in struct.iter_unpack(">III", font[sub + 16 : sub + 16 + 12 * groups]):
                found.update(range(first, last + 1))
        elif form == 4:
            (double,) = struct.unpack_from(">H", font, sub + 6)
            ends = struct.unpack_from(f">{double // 2}H", font, sub + 14)
            starts = struct.unpack_from(f">{double // 2}H", font, sub + 16 + double)
            for first, last in zip(starts, ends, strict=True):
                found.update(range(first, min(last, 0xFFFE) + 1))
    return found
