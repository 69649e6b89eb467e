"""Finds every kind of definition that the packages offer, and asks it without ever breaking for what it is given."""

from __future__ import annotations

import logging
from functools import lru_cache
from importlib import import_module

from tongzheng.kernel.core.discovery import packages_with
from tongzheng.kernel.core.errors import Fault, Missing
from tongzheng.kernel.core.text import T

from .kinds import Definable, Finding, Outcome

log = logging.getLogger("tongzheng.definitions")

MOST_FINDINGS = 200
MOST_OUTCOMES = 500


@lru_cache(maxsize=1)
def every() -> dict[str, Definable]:
    """Return every kind of definition by its id, in the order of packages."""
    found: dict[str, Definable] = {}
    for package in packages_with("definable"):
        for one in import_module(f"{package}.definable").definables:
            found[one.name] = one
    return found


def definable(kind: str) -> Definable:
    """Return the kind with that id. Raises Missing."""
    found = every().get(kind)
    if found is None:
        raise Missing(T("没有这一类定义", "There is no such kind of definition"))
    return found


def findings(kind: Definable, content: str) -> tuple[Finding, ...]:
    """Return what is wrong with a content, errors first, 200 at most. A check that breaks is itself an error."""
    try:
        found = tuple(kind.check(content))
    except Fault as fault:
        found = (Finding("error", "", fault.words),)
    except Exception:
        log.exception("the check of %s broke", kind.name)
        found = (Finding("error", "", T("内容无法检查", "The content cannot be checked")),)
    return tuple(sorted(found, key=lambda one: one.level != "error"))[:MOST_FINDINGS]


def parts(kind: Definable, content: str) -> dict[str, str]:
    """Return a content's parts; for one that cannot be read, its lines by number."""
    try:
        return dict(kind.parts(content))
    except Exception:
        lines = content.splitlines()[:5000]
        return {f"{number:04d}": line[:400] for number, line in enumerate(lines, start=1)}


def outcomes(kind: Definable, content: str, in_force: str | None) -> tuple[Outcome, ...]:
    """Return what the trials showed, failed ones first. A trial that breaks is itself a failed one."""
    try:
        found = tuple(kind.try_out(content, in_force))
    except Exception as error:
        if not isinstance(error, Fault):
            log.exception("the trial of %s broke", kind.name)
        words = error.words if isinstance(error, Fault) else T("无法试算", "It could not be tried")
        found = (Outcome("test", False, T("试算", "Trial"), words),)
    return tuple(sorted(found, key=lambda one: (one.passed, one.kind != "test")))[:MOST_OUTCOMES]
