"""What a system declares about people's power: the actions it knows and the roles that bundle them."""

from __future__ import annotations

from dataclasses import dataclass

from tongzheng.kernel.core.text import T


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person may be permitted to do; its id is "slug.name".

    `open_to`: kinds of actor who need no post for it ("citizen", "staff", "nobody" meaning anyone), such as
    filing an application. Never for an action that reads other people's rows: it would reach all of them.
    """

    name: str
    title: T
    open_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A bundle of actions given to a post. `actions` are full ids ("hotline.dispatch").

    `reach` says how far from the post's own organisation and region the actions go:
    "own" the post's organisation, "below" also those beneath it, "region" every organisation in the region.
    `apart`: roles of one account may not come from two different groups named here (separated administrators);
    a role with a group needs a second factor at sign-in.
    """

    name: str
    title: T
    actions: tuple[str, ...]
    reach: str = "own"
    apart: str = ""
