"""How the handbook writes: both languages beside each other, tables and ids in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tongzheng.kernel.cases.kinds import APPLICANT, SYSTEM
from tongzheng.kernel.core.registry import Registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.kinds import Action


def both(text: T | None) -> str:
    """Return a text in both languages, once if they are the same."""
    if text is None:
        return ""
    return text.zh if text.zh == text.en else f"{text.zh} · {text.en}"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield the lines of a table and an empty one."""
    names = list(heads)
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(_cell(value) for value in row)} |"
    yield ""


def code(*ids: str) -> str:
    """Return ids as code, separated by commas."""
    return ", ".join(f"`{id}`" for id in ids if id)


def who(action: str, known: Registry) -> str:
    """Return who an action id stands for, in words."""
    if action == APPLICANT:
        return "申请人 the applicant"
    if action == SYSTEM:
        return "平台 the platform"
    found = known.find(Action, action)
    return f"{both(found.title)} `{action}`" if found else f"`{action}`"
