"""Who is acting and what they may do: one statement for the snapshot, the pure rule for the judgement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Refused, SignInNeeded
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T

from . import permission, policy
from .kinds import Action, Role
from .views import NOBODY, Actor, Grantee, PostView, Reach, Verdict

NEEDS_TOTP = T(
    "管理员须先绑定动态口令才能行使权限",
    "Administrators must set up one-time codes before they can act",
)
NEEDS_PASSWORD = T(
    "口令已到期或须更换，更换后才能行使岗位权限",
    "The password has expired or must be changed before this post can be used",
)

_ACTOR = """
SELECT a.id, a.kind, a.label, a.lang, a.person_id, a.password, a.totp_since IS NOT NULL, a.password_changed_at,
       a.must_change, (SELECT value FROM identity_policy WHERE name = 'administrator_password_days'),
       COALESCE((
         SELECT json_agg(json_build_array(p.id, p.title, p.english, p.organisation_id, o.name, o.english, p.region, p.roles,
                CASE WHEN p.roles::text[] && %s::text[] THEN (
                  SELECT json_agg(d.id) FROM identity_organisation d
                  WHERE d.path >= o.path AND d.path < left(o.path, -1) || '/') END) ORDER BY h.since, h.id)
         FROM identity_postholding h
         JOIN identity_post p ON p.id = h.post_id AND p.is_active
         JOIN identity_organisation o ON o.id = p.organisation_id AND o.is_active
         WHERE h.account_id = a.id AND h.until IS NULL), '[]'),
       COALESCE((
         SELECT json_agg(json_build_array(p.id, p.title, p.english, p.organisation_id, o.name, o.english, p.region, p.roles,
                CASE WHEN p.roles::text[] && %s::text[] THEN (
                  SELECT json_agg(d.id) FROM identity_organisation d
                  WHERE d.path >= o.path AND d.path < left(o.path, -1) || '/') END, b.id, b.label) ORDER BY s.id)
         FROM identity_stand_in s
         JOIN identity_account b ON b.id = s.account_id AND b.is_active
         JOIN identity_postholding h ON h.account_id = s.account_id AND h.post_id = s.post_id AND h.until IS NULL
         JOIN identity_post p ON p.id = h.post_id AND p.is_active
         JOIN identity_organisation o ON o.id = p.organisation_id AND o.is_active
         WHERE s.stand_in_id = a.id AND s.ended_at IS NULL AND s.since <= %s AND s.until > %s), '[]')
FROM identity_account a WHERE a.id = ANY(%s) AND a.is_active
"""


@lru_cache(maxsize=1)
def _bundles(size: int) -> tuple[dict[str, Role], list[str]]:
    roles = registry.of(Role)
    return roles, [id for id, role in roles.items() if role.reach == "below"]


def roles_declared() -> dict[str, Role]:
    """Return every declared role by its id."""
    return _bundles(len(registry.systems))[0]


@lru_cache(maxsize=512)
def _actions(roles: tuple[str, ...], size: int) -> dict[str, str]:
    declared = roles_declared()
    return permission.actions_of(declared[role] for role in roles if role in declared)


def snapshot(account_id: int) -> tuple[Actor, str]:
    """Return the actor and the password hash that sessions are bound to; (NOBODY, "") if there is none."""
    found = snapshots([account_id])
    return found[0] if found else (NOBODY, "")


def snapshots(ids: Sequence[int]) -> list[tuple[Actor, str]]:
    """Return the actors of these active accounts with their password hashes, in one statement."""
    size = len(registry.systems)
    declared, below = _bundles(size)
    with connection.cursor() as cursor:
        now = clock.now()
        cursor.execute(_ACTOR, [below, below, now, now, list(ids)])
        return [_actor(row, size, declared) for row in cursor.fetchall()]


def _actor(row: Sequence[Any], size: int, declared: dict[str, Role]) -> tuple[Actor, str]:
    (id, kind, label, lang, person_id, password, totp, changed, must_change, days, held, lent) = row
    days = policy.DAYS.default if days is None else days
    back = held_back(totp=totp, changed=changed, days=days, now=clock.now())
    first = NEEDS_PASSWORD if must_change else None
    posts = tuple(
        _post(entry, size, declared, first, first or back)
        for many in (held, lent)
        for entry in (json.loads(many) if isinstance(many, str) else many)
    )
    return Actor(id=id, label=label, kind=kind, posts=posts, lang=lang, person_id=person_id), password


def _post(
    entry: list[Any], size: int, declared: dict[str, Role], everyone: T | None, administrators: T | None
) -> PostView:
    id, title, english, organisation_id, name, name_english, region, role_list, below, *holder = entry
    roles = tuple(role_list)
    administers = any(role in declared and declared[role].apart for role in roles)
    return PostView(
        id=id,
        title=title,
        english=english,
        organisation_id=organisation_id,
        organisation_name=name,
        organisation_english=name_english,
        region=region,
        actions=_actions(roles, size),
        below=frozenset(below or ()),
        roles=roles,
        held_back=administrators if administers else everyone,
        stands_for=(int(holder[0]), str(holder[1])) if holder else None,
    )


def held_back(*, totp: bool, changed: datetime | None, days: int, now: datetime) -> T | None:
    """Say why an administrator's powers rest for now, or None. `days` their password lives (0 for ever)."""
    if not totp:
        return NEEDS_TOTP
    if changed is None or (days and now - changed > timedelta(days=days)):
        return NEEDS_PASSWORD
    return None


def actor_of(account_id: int | None) -> Actor:
    """Return the acting person with everything they hold, in one statement; NOBODY if inactive or unknown."""
    return NOBODY if account_id is None else snapshot(account_id)[0]


def actors_of(account_ids: Sequence[int]) -> dict[int, Actor]:
    """Return the acting persons of these accounts by id, in one statement; those unknown or inactive are left out."""
    if not account_ids:
        return {}
    return {actor.id: actor for actor, _ in snapshots(account_ids) if actor.id is not None}


def may(actor: Actor, action: str, *, organisation: int | None = None, region: str | None = None) -> Verdict:
    """Judge whether `actor` may do `action` (id "slug.name") on what belongs to `organisation` and lies in `region`.

    Args: organisation, its id; region, a code. With neither: whether they may do it anywhere at all. With an
    organisation alone its own region counts (looked up only when that can matter).
    Returns a Verdict, true if allowed, with the reason in words. Rule: decision record 0010.
    """
    declared = registry.find(Action, action)
    verdict = permission.may(actor, action, declared=declared, organisation=organisation, region=region)
    if verdict or organisation is None or region is not None:
        return verdict
    if not any("region" in post.actions.get(action, "") for post in actor.posts):
        return verdict
    place = _region_of(organisation)
    return permission.may(actor, action, declared=declared, organisation=organisation, region=place)


def _region_of(organisation: int) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT region FROM identity_organisation WHERE id = %s", [organisation])
        row = cursor.fetchone()
    return str(row[0]) if row else None


def require(actor: Actor, action: str, *, organisation: int | None = None, region: str | None = None) -> None:
    """Do nothing if `may` allows; otherwise raise SignInNeeded (nobody is signed in) or Refused (with the reason)."""
    verdict = may(actor, action, organisation=organisation, region=region)
    if verdict:
        return
    if actor.kind == "nobody":
        raise SignInNeeded()
    raise Refused(verdict.why)


def reach(actor: Actor, action: str) -> Reach:
    """Return which rows `actor` may do `action` on, for a list's WHERE. Agrees with `may` row by row."""
    return permission.reach(actor, action, declared=registry.find(Action, action))


def who_may(
    action: str, *, organisation: int | None = None, region: str | None = None
) -> tuple[Grantee, ...]:
    """Return everyone who may do `action` here through a post, and why, by organisation and name.

    At most three statements, however many people.

    Actions open to a whole kind of people without a post list nobody: `may` says that they are open.
    """
    roles = [id for id, role in roles_declared().items() if action in role.actions]
    if not roles:
        return ()
    with connection.cursor() as cursor:
        now = clock.now()
        cursor.execute(_HOLDERS, [roles, now, now, roles])
        holders = [row[0] for row in cursor.fetchall()]
    found: list[Grantee] = []
    declared, act = roles_declared(), registry.find(Action, action)
    if organisation is not None and region is None:
        region = _region_of(organisation)
    for actor, _ in snapshots(holders):
        for post in actor.posts:
            only = Actor(id=actor.id, label=actor.label, kind=actor.kind, posts=(post,))
            verdict = permission.may(only, action, declared=act, organisation=organisation, region=region)
            if not verdict:
                continue
            role = next(r for r in post.roles if r in declared and action in declared[r].actions)
            found.append(
                Grantee(
                    account_id=actor.id or 0,
                    label=actor.label,
                    post=str(post.words),
                    role=str(declared[role].title),
                    why=verdict.why,
                    organisation=post.organisation,
                )
            )
    return tuple(sorted(found, key=lambda g: (g.organisation.zh, g.label)))


_HOLDERS = """
SELECT DISTINCT h.account_id FROM identity_postholding h
JOIN identity_post p ON p.id = h.post_id AND p.is_active JOIN identity_account a ON a.id = h.account_id AND a.is_active
WHERE h.until IS NULL AND p.roles::text[] && %s::text[]
UNION SELECT s.stand_in_id FROM identity_stand_in s JOIN identity_post p ON p.id = s.post_id AND p.is_active
WHERE s.ended_at IS NULL AND s.since <= %s AND s.until > %s AND p.roles::text[] && %s::text[]
"""
