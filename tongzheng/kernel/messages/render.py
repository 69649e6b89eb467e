"""Words from a template: pure functions. What a person wrote can fill a place and nothing else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from string import Formatter

from tongzheng.kernel.core.errors import Invalid
from tongzheng.kernel.core.text import T

from .kinds import Template

LONGEST_FACT = 500
"""Characters of one fact; longer ones are cut with an ellipsis, so a message cannot be flooded."""

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_DOUBLE = frozenset("^{}\\[~]|€\f")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in one language, ready to be sent."""

    subject: str
    body: str


@lru_cache(maxsize=4096)
def parts(text: str) -> tuple[tuple[str, str | None], ...]:
    """Return a wording as (plain text, name of the place after it or None).

    Only `{name}` is a place: attributes, indexes, conversions and formats are no part of the language, so a
    wording cannot reach into an object. Raises ValueError naming the fault.
    """
    found = []
    for literal, name, spec, conversion in Formatter().parse(text):
        if name is not None and (spec or conversion or not name.isidentifier()):
            raise ValueError(f"{{{name}}} is not a plain place")
        found.append((literal, name))
    return tuple(found)


def places(text: str) -> frozenset[str]:
    """Return the names of the places in a wording. Raises ValueError for a place of another form."""
    return frozenset(name for _, name in parts(text) if name is not None)


def clean(value: str, *, limit: int = LONGEST_FACT, lines: bool = False) -> str:
    """Return a fact without anything that could pass for the sender's own words.

    Control characters, line breaks and marks that turn the direction of writing become spaces or vanish
    (a fact can neither begin a new line nor a new mail header); `lines` keeps line breaks.
    """
    if value.isascii() and value.isprintable():
        kept = value
    else:
        kept = "".join(
            "\n" if lines and c == "\n" else " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
            for c in value
            if unicodedata.category(c) not in ("Cf", "Cs", "Co")
        )
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


def fill(text: T, facts: Mapping[str, object], *, lang: str, lines: bool = False) -> str:
    """Return a wording in `lang` ("zh" or "en") with its places filled; a `T` gives its own language.

    Raises Invalid naming every place that has no value.
    """
    found = parts(text.en if lang == "en" else text.zh)
    missing = [name for _, name in found if name is not None and name not in facts]
    if missing:
        named = ", ".join(missing)
        raise Invalid(
            T(f"消息模板缺少内容：{named}", f"The wording has no value for: {named}"),
            fields={name: T("没有内容", "no value given") for name in missing},
        )
    words = []
    for literal, name in found:
        words.append(literal)
        if name is not None:
            value = facts[name]
            if isinstance(value, T):
                value = value.en if lang == "en" else value.zh
            words.append(clean(str(value), lines=lines))
    return "".join(words)


def render(template: Template, facts: Mapping[str, object], *, lang: str) -> Rendered:
    """Return a template's subject and body in the addressee's language. Raises Invalid for a missing place."""
    return Rendered(
        re.sub(r"\s+", " ", fill(template.subject, facts, lang=lang)).strip()[:200],
        fill(template.body, facts, lang=lang),
    )


def segments(text: str) -> int:
    """Return how many texts an SMS takes: 160 then 153 characters a part in GSM 7-bit, else 70 then 67.

    Source: 3GPP TS 23.038 and 23.040 (concatenation header of 6 octets).
    """
    if all(c in _GSM or c in _GSM_DOUBLE for c in text):
        length = sum(2 if c in _GSM_DOUBLE else 1 for c in text)
        single, part = 160, 153
    else:
        length = len(text.encode("utf-16-le")) // 2
        single, part = 70, 67
    return 1 if length <= single else -(-length // part)
