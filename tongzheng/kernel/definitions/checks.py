"""Faults that an inspection finds in the kinds of definition that packages offer."""

from __future__ import annotations

from collections.abc import Iterator

from tongzheng.kernel.core.inspection import one_language
from tongzheng.kernel.core.registry import Registry
from tongzheng.kernel.identity.kinds import Action

from . import offers
from .kinds import MOST_BYTES


def faults(registry: Registry) -> Iterator[str]:
    """Yield a sentence for every fault in an offered kind: its actions, its size, its words."""
    for id, one in offers.every().items():
        for action in (one.draws, one.publishes, one.reads):
            if registry.find(Action, action) is None:
                yield f"Definable {id}: no action is called {action!r}"
        if not 0 < one.most <= MOST_BYTES:
            yield f"Definable {id}: most is {one.most}, not between 1 and {MOST_BYTES}"
        if (one.asks is None) != (one.simulate is None):
            yield f"Definable {id}: asks and simulate come together"
        yield from one_language(one.title, f"Definable {id}.title")
        yield from one_language(one.basis, f"Definable {id}.basis")
