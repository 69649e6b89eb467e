"""Marks: how a case is found by words. Pure functions.

Chinese has no blanks between words, so a text is cut into pairs of neighbouring characters (暖气不热 → 暖气, 气不,
不热) and each pair becomes a 32-bit mark; an inverted index (GIN) on the marks answers "all of these". Runs of
letters and digits are kept whole and by their beginnings. An applicant's phone, ID number and name are marked
by their blind index, so that nothing can be read back. Month, region, type and every organisation that held the
case are marks too. A search first looks through the newest cases one by one, which fills the page for common words.
If it does not, the index is asked for the words together with the offices of the reader's reach, or, where the reach
is wide, month by month backward until the page is full: so common words cost no more than rare ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from zlib import crc32

from tongzheng.kernel.core.clock import CHINA
from tongzheng.kernel.core.sealing import blind

MOST = 160
_RUN = re.compile(r"[a-z0-9]+|[\u3400-\u9fff\uf900-\ufaff]+")


def mark(token: str) -> int:
    """Return the mark of one token, 0 to 2^31 - 1."""
    return crc32(token.encode()) & 0x7FFFFFFF


def month_mark(at: datetime) -> int:
    """Return the mark of a month: negative, minus the months since year 0, so that SQL can count through them."""
    local = at.astimezone(CHINA)
    return -(local.year * 12 + local.month - 1)


def of_text(text: str) -> list[int]:
    """Return the marks of a text to be found."""
    found: list[str] = []
    for run in _runs(text):
        if run[0] > "\u2fff":
            found += [run] if len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            found += [run[:32], *(run[:n] for n in range(2, min(len(run), 9)))]
    return [mark(token) for token in dict.fromkeys(found)]


def of_words(words: str) -> list[int]:
    """Return the marks that a searched text must have; [] if there is nothing to search for."""
    found: list[str] = []
    for run in _runs(words):
        if run[0] > "\u2fff":
            found += [run] if len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            found.append(run[:32])
    return [mark(token) for token in dict.fromkeys(found)][:40]


def _runs(text: str) -> list[str]:
    return _RUN.findall(unicodedata.normalize("NFKC", text[:2000]).lower())


def of_person(use: str, value: str) -> list[int]:
    """Return two marks (62 bits) of a person's phone, ID number or name: `use` "phone", "id_number" or "name"."""
    if not value.strip():
        return []
    hidden = blind(value, use=f"cases.{use}")
    return [int.from_bytes(hidden[i : i + 4], "big") & 0x7FFFFFFF for i in (0, 4)]


def of_region(code: str) -> list[int]:
    """Return the marks of a region and those it lies in, at the lengths that a reach can have."""
    return [mark(f"r:{code[:n]}") for n in (2, 4, 6, 9, 12) if len(code) >= n]


def of_type(type_id: str) -> int:
    """Return the mark of a case type."""
    return mark(f"t:{type_id}")


def of_organisation(id: int) -> int:
    """Return the mark of an organisation that holds or held the case."""
    return mark(f"o:{id}")


def of_case(
    *,
    type_id: str,
    at: datetime,
    region: str,
    organisation: int,
    texts: Iterable[str],
    people: Iterable[tuple[str, str]],
) -> list[int]:
    """Return all marks of a case, each once, at most MOST plus its fixed ones."""
    fixed = [month_mark(at), of_type(type_id), of_organisation(organisation), *of_region(region)]
    for use, value in people:
        fixed += of_person(use, value)
    words: list[int] = []
    for text in texts:
        words += of_text(text)
    return list(dict.fromkeys([*fixed, *words[:MOST]]))


def literal(marks: Iterable[int]) -> str:
    """Return marks as PostgreSQL writes an array."""
    return "{" + ",".join(map(str, marks)) + "}"
