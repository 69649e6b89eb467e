"""The same move on many cases: each its own transaction, so that one that cannot be moved holds up no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tongzheng.kernel.core.errors import Fault, Invalid, SignInNeeded
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from .moving import move_case
from .views import CaseView

MOST = 200


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of one case: as it stands now, or why it did not move."""

    number: str
    case: CaseView | None = None
    why: T | None = None


def move_many(
    cases: Sequence[tuple[int | str, int | None]],
    move: str,
    *,
    actor: identity.Actor,
    note: str = "",
    data: Mapping[str, Any] | None = None,
    organisation: int | None = None,
    handler: int | None = None,
    days: int | None = None,
) -> tuple[Moved, ...]:
    """Make one move on many cases, in the order given.

    Args: cases, at most 200 pairs of id or number and the version that was looked at (None: as it is now); the rest as
    `move_case`. Returns for each what became of it; a refusal, a conflict or a slip is told and the others go on.
    Raises SignInNeeded, Invalid (no case, or too many).
    """
    if actor.kind == "nobody":
        raise SignInNeeded()
    if not 1 <= len(cases) <= MOST:
        raise Invalid(fields={"cases": T("请选择 1 到 {n} 件", "Choose 1 to {n} cases").fill(n=MOST)})
    made: list[Moved] = []
    for case, version in dict(cases).items():
        try:
            after = move_case(
                case,
                move,
                actor=actor,
                version=version,
                note=note,
                data=data,
                organisation=organisation,
                handler=handler,
                days=days,
            )
            made.append(Moved(after.number, after))
        except Invalid as fault:
            words = next(iter(fault.fields.values()), fault.words)
            made.append(Moved(str(case), why=words))
        except Fault as fault:
            made.append(Moved(str(case), why=fault.words))
    return tuple(made)
