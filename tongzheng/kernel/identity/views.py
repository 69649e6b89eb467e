"""The frozen things that identity shows to everyone else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tongzheng.kernel.core.text import T


@dataclass(frozen=True, slots=True)
class PostView:
    """A post as held: `actions` gives each action's reach, "own", "below" or "region" ("below+region" for both).

    `below` are the ids of the organisation and everything beneath it, filled only if some reach is "below".
    `held_back` says why the actions of an administrator's post do not count now, if they do not. `stands_for`: the
    post's holder (account and label), if the actor only stands in for them.
    """

    id: int
    title: str
    organisation_id: int
    organisation_name: str
    region: str
    actions: Mapping[str, str]
    below: frozenset[int] = frozenset()
    roles: tuple[str, ...] = ()
    english: str = ""
    held_back: T | None = None
    organisation_english: str = ""
    stands_for: tuple[int, str] | None = None

    @property
    def words(self) -> T:
        """The post's title for readers of either language."""
        return T(self.title, self.english or self.title)

    @property
    def organisation(self) -> T:
        """The organisation's name for readers of either language."""
        return T(self.organisation_name, self.organisation_english or self.organisation_name)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is acting, as of one moment. `kind`: "nobody", "citizen", "staff" or "system"."""

    id: int | None
    label: str
    kind: str
    posts: tuple[PostView, ...] = ()
    lang: str = "zh"
    person_id: int | None = None

    @property
    def signed_in(self) -> bool:
        """Whether somebody is signed in."""
        return self.id is not None


NOBODY = Actor(id=None, label="", kind="nobody")
SYSTEM = Actor(id=None, label="系统 system", kind="system")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to "may they?", with the reason in words. True in a condition if allowed."""

    allowed: bool
    why: T
    post_id: int | None = None

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class Reach:
    """Which rows an action covers: everything, or those of some organisations, or those in some regions.

    A row is covered if its organisation is in `organisations` OR its region starts with one of `regions`.
    """

    everything: bool = False
    organisations: tuple[int, ...] = ()
    regions: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.everything or bool(self.organisations) or bool(self.regions)

    def covers(self, *, organisation: int | None, region: str | None) -> bool:
        """Tell whether a row of that organisation and region is covered."""
        return (
            self.everything
            or organisation in self.organisations
            or (region is not None and any(region.startswith(prefix) for prefix in self.regions))
        )

    def sql(self, organisation: str, region: str) -> tuple[str, list[object]]:
        """Return a condition on two columns, with its parameters, for a list's WHERE."""
        if self.everything:
            return "TRUE", []
        parts: list[str] = []
        params: list[object] = []
        if self.organisations:
            parts.append(f"{organisation} = ANY(%s)")
            params.append(list(self.organisations))
        for prefix in self.regions:
            parts.append(f"{region} LIKE %s")
            params.append(prefix + "%")
        return ("(" + " OR ".join(parts) + ")" if parts else "FALSE"), params


@dataclass(frozen=True, slots=True)
class Grantee:
    """Somebody who may do a thing here, and through which post and role."""

    account_id: int
    label: str
    post: str
    role: str
    why: T
    organisation: T


@dataclass(frozen=True, slots=True)
class RegionView:
    """A place: its code, names, level and the code above it."""

    code: str
    name: str
    level: str
    parent: str
    latin: str = ""
    park: bool = False

    @property
    def title(self) -> T:
        """The name for readers of either language."""
        return T(self.name, self.latin or self.name)


@dataclass(frozen=True, slots=True)
class OrganisationView:
    """A body: government, township, village, institution, utility, enterprise or social."""

    id: int
    name: str
    short: str
    uscc: str
    kind: str
    region: str
    parent_id: int | None
    english: str = ""

    @property
    def title(self) -> T:
        """The name for readers of either language."""
        return T(self.name, self.english or self.name)


@dataclass(frozen=True, slots=True)
class PersonView:
    """A natural person as anyone may see them: masked. `reveal` shows more, for a purpose."""

    id: int
    name: str
    id_number: str
    phone: str
    region: str
    sex: str = "0"


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as administrators see it."""

    id: int
    username: str
    label: str
    kind: str
    is_active: bool
    totp: bool = False
    last_sign_in: datetime | None = None
    posts: tuple[str, ...] = ()
