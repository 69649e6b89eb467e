"""What every system declares, kept in one place.

The core knows no engine: a kind is any frozen dataclass with a `name`. Things are found by
(kind, "slug.name"), so a new engine brings a new kind and changes nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from .text import T

CHAPTERS: dict[str, T] = {
    "foundation": T("数字底座", "Foundation"),
    "decision": T("政府决策科学化", "Decision"),
    "governance": T("社会治理精准化", "Governance"),
    "public": T("公共服务高效化", "Public service"),
}


class Declared(Protocol):
    """Anything a system may declare."""

    @property
    def name(self) -> str: ...


K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class System:
    """One system of the plan: who it is and everything it declares. A manifest holds exactly one."""

    slug: str
    chapter: str
    plan: str
    title: T
    summary: T
    needs: tuple[str, ...] = ()
    declares: tuple[Any, ...] = ()
    home: str = ""
    owner: str = ""


class DeclarationError(Exception):
    """A declaration contradicts another one; the message names both."""


class Registry:
    """All declared systems and things. The program has one, `registry`; tests build their own."""

    def __init__(self) -> None:
        self.systems: dict[str, System] = {}
        self._things: dict[tuple[type, str], Any] = {}
        self._owner: dict[int, str] = {}

    def add(self, system: System) -> None:
        """Take in a system and all that it declares.

        Raises DeclarationError when a slug, or a name within a kind, is declared twice.
        """
        if system.slug in self.systems:
            raise DeclarationError(f"two systems are called {system.slug}")
        keys = [(type(thing), f"{system.slug}.{thing.name}") for thing in system.declares]
        for number, key in enumerate(keys):
            if key in self._things or key in keys[:number]:
                raise DeclarationError(f"{key[0].__name__} {key[1]} is declared twice")
        self.systems[system.slug] = system
        self._things.update(zip(keys, system.declares, strict=True))

    def renew(self, slug: str, system: System | None) -> None:
        """Put a system in the place of the one of that slug, or take it out: for what is declared while running.

        The new things are there before the old ones go, so that no reader meets a gap.
        """
        old = {key for key in self._things if key[1].startswith(f"{slug}.")}
        new = {(type(thing), f"{slug}.{thing.name}"): thing for thing in system.declares} if system else {}
        things = {key: thing for key, thing in self._things.items() if key not in old} | new
        self._things = things
        if system is not None:
            self.systems[slug] = system
        else:
            self.systems.pop(slug, None)

    def get(self, kind: type[K], id: str) -> K:
        """Return the thing of that kind with the id "slug.name". Raises KeyError naming both."""
        try:
            found: K = self._things[kind, id]
        except KeyError:
            raise KeyError(f"no {kind.__name__} is declared as {id!r}") from None
        return found

    def find(self, kind: type[K], id: str) -> K | None:
        """Return the thing of that kind with the id, or None."""
        return self._things.get((kind, id))

    def of(self, kind: type[K]) -> dict[str, K]:
        """Return every thing of a kind by its id, in the order of declaration."""
        return {id: thing for (k, id), thing in self._things.items() if k is kind}

    def system_of(self, id: str) -> System:
        """Return the system that owns the id "slug.name"."""
        return self.systems[id.split(".", 1)[0]]


registry = Registry()
