"""The rules of the hotline: classes, limits, suggestions and the three rates. Pure functions over data."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from tongzheng.kernel.core.text import T

DATA = Path(__file__).parent / "data"
UNCLASSIFIED = "990101"

OFFICES: dict[str, T] = {
    "heating": T("供热公司", "Heating company"),
    "housing": T("住房和城乡建设", "Housing and construction"),
    "urban": T("城市管理", "City management"),
    "transport": T("交通运输", "Transport"),
    "police": T("公安", "Public security"),
    "labour": T("人力资源和社会保障", "Labour and social security"),
    "market": T("市场监督管理", "Market regulation"),
    "land": T("自然资源", "Natural resources"),
    "environment": T("生态环境", "Environment"),
    "farming": T("农业农村", "Agriculture"),
    "water": T("水利", "Water"),
    "insurance": T("医疗保障", "Medical insurance"),
    "health": T("卫生健康", "Health"),
    "education": T("教育", "Education"),
    "approval": T("行政审批服务管理", "Approval services"),
    "culture": T("文化和旅游", "Culture and tourism"),
    "emergency": T("应急管理", "Emergency management"),
}


@dataclass(frozen=True, slots=True)
class TicketClass:
    """One class of tickets: a code of two digits a level, the names of its three levels and who usually handles it."""

    code: str
    levels: tuple[T, T, T]
    office: str
    words: tuple[str, ...]

    @property
    def title(self) -> T:
        """The three levels as one line."""
        return T(" › ".join(level.zh for level in self.levels), " › ".join(level.en for level in self.levels))


@lru_cache(maxsize=1)
def classes() -> dict[str, TicketClass]:
    """Return every class by its code, as the data folder has them."""
    raw = tomllib.loads((DATA / "classes.toml").read_text(encoding="utf-8"))["class"]
    found = {}
    for row in raw:
        first, second, third = (T(zh, en) for zh, en in row["name"])
        found[row["code"]] = TicketClass(
            row["code"], (first, second, third), row["office"], tuple(row["words"])
        )
    return found


@dataclass(frozen=True, slots=True)
class Limit:
    """One row of the table of limits: for which clock, and for which kind, urgency, region and days it holds."""

    clock: str
    amount: int
    unit: str
    kind: str = ""
    urgency: str = ""
    region: str = ""
    since: date | None = None
    until: date | None = None


@lru_cache(maxsize=1)
def limits() -> tuple[Limit, ...]:
    """Return the table of limits as the data folder has it; the first row that fits holds."""
    raw = tomllib.loads((DATA / "limits.toml").read_text(encoding="utf-8"))["limit"]
    return tuple(Limit(**row) for row in raw)


def suggest(text: str, among: Iterable[TicketClass], *, most: int = 5) -> list[TicketClass]:
    """Return the classes that a text is likely about, the likeliest first: by everyday words and names in it.

    A longer word found says more than a short one; a name of a level counts like a word.
    """
    lowered = text.lower()
    scored = []
    for found in among:
        score = sum(len(word) for word in found.words if word.lower() in lowered)
        score += sum(len(level.zh) for level in found.levels if level.zh in text)
        if score:
            scored.append((-score, found.code, found))
    return [found for _, _, found in sorted(scored)[:most]]


def class_of(text: str) -> str:
    """Return the code of the likeliest class of a citizen's words, or that of what is still to be classified."""
    likely = suggest(text, classes().values(), most=1)
    return likely[0].code if likely else UNCLASSIFIED


@dataclass(frozen=True, slots=True)
class Rates:
    """The three rates (三率) of a set of tickets, each a share from 0 to 1, or None when nothing counts yet."""

    response: float | None
    resolution: float | None
    satisfaction: float | None


def three_rates(*, due: int, contacted_in_time: int, called_back: int, solved: int, satisfied: int) -> Rates:
    """Return the three rates: contacted in time of those due, solved and satisfied of the valid call-backs.

    `satisfied` counts codes 1 to 3 of GB/T 39046-2020. Combined weights differ from city to city and are not set here.
    """
    return Rates(
        contacted_in_time / due if due else None,
        solved / called_back if called_back else None,
        satisfied / called_back if called_back else None,
    )
