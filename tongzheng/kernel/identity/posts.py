"""Posts: which roles they carry, who holds them, and which may never come together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused
from tongzheng.kernel.core.text import T
from tongzheng.kernel.ledger.api import append

from .actors import may, require, roles_declared
from .models import Account, Organisation, Post, PostHolding
from .places import known_region
from .views import Actor, Verdict


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds a post: the account, how they appear, the post's title and its region."""

    account_id: int
    label: str
    post: str
    region: str


def define_post(
    *,
    actor: Actor,
    organisation: int,
    title: str,
    roles: Sequence[str],
    region: str = "",
    english: str = "",
    add: bool = False,
) -> int:
    """Make a post of an organisation, or set the roles of the one with this title and region; return its id.

    Args: region, a code, "" the organisation's own; roles, ids of declared roles; add, keep the roles it has too.
    Raises Refused without identity.posts there, Invalid, and Refused if a holder would join two administrators.
    """
    title = " ".join(title.replace("\0", "").split())
    declared = roles_declared()
    slips = {}
    if not 2 <= len(title) <= 60:
        slips["title"] = T("岗位名称为 2 至 60 字", "A post's title has 2 to 60 characters")
    if unknown := [role for role in roles if role not in declared]:
        slips["roles"] = T("没有这些职责：{roles}", "There are no such roles: {roles}").fill(
            roles=", ".join(unknown)
        )
    body = Organisation.objects.filter(pk=organisation, is_active=True).first()
    if body is None:
        slips["organisation"] = T("没有这个机构", "There is no such organisation")
    if slips or body is None:
        raise Invalid(fields=slips)
    if not (verdict := may_hold(roles)):
        raise Refused(verdict.why)
    place = known_region(region) if region else body.region
    require(actor, "identity.posts", organisation=organisation, region=place)
    with transaction.atomic():
        post, made = Post.objects.select_for_update().get_or_create(
            organisation_id=organisation,
            title=title,
            region=place,
            defaults={"roles": sorted(set(roles)), "english": english[:120]},
        )
        wanted = sorted(set(roles) | (set(post.roles) if add and not made else set()))
        if not made and wanted == list(post.roles) and post.is_active:
            return post.pk
        holders = list(
            PostHolding.objects.filter(post=post, until__isnull=True).values_list("account_id", flat=True)
        )
        if actor.id in holders:
            raise Refused(T("不能改动自己所任岗位的职责", "You cannot change the roles of a post you hold"))
        Post.objects.filter(pk=post.pk).update(roles=wanted, is_active=True)
        list(Account.objects.select_for_update().filter(id__in=holders).order_by("id"))
        for account_id in holders:
            _keep_apart(account_id)
        append(
            act="identity.define_post",
            subject=f"identity.post:{post.pk}",
            actor=actor.id,
            label=actor.label,
            body={"organisation": organisation, "region": place, "roles": wanted},
        )
        return post.pk


def give_post(*, actor: Actor, account_id: int, post_id: int) -> int:
    """Let an account hold a post from now on and return the holding's id; one that is held already stays.

    Raises Refused without identity.posts there, for oneself, or if the account would hold two of the three
    separated administrators; Missing; Conflict for a citizen's account and a post of a public body.
    """
    with transaction.atomic():
        post = _post_for(actor, post_id)
        account = Account.objects.select_for_update().filter(pk=account_id, is_active=True).first()
        if account is None:
            raise Missing(T("没有这个账号，或已停用", "There is no such account, or it is closed"))
        if actor.id == account_id:
            raise Refused(T("不能给自己授予岗位", "You cannot give yourself a post"))
        if account.kind == "citizen" and post.organisation.kind not in ("enterprise", "social"):
            raise Conflict(
                T(
                    "公众账号只能担任企业或社会组织的岗位",
                    "A citizen's account can hold posts of enterprises and social organisations only",
                )
            )
        if not post.is_active:
            raise Conflict(T("这个岗位已撤销", "This post has been abolished"))
        held = PostHolding.objects.filter(account=account, post=post, until__isnull=True).first()
        if held is not None:
            return held.pk
        holding = PostHolding.objects.create(account=account, post=post, since=clock.now())
        _keep_apart(account_id)
        append(
            act="identity.give_post",
            subject=f"identity.account:{account_id}",
            actor=actor.id,
            label=actor.label,
            body={"post": post.pk, "organisation": post.organisation_id, "roles": list(post.roles)},
        )
        return holding.pk


def end_post(*, actor: Actor, account_id: int, post_id: int) -> None:
    """End an account's holding of a post as of now; the record of it stays. Raises Refused, Missing."""
    with transaction.atomic():
        post = _post_for(actor, post_id)
        ended = PostHolding.objects.filter(account_id=account_id, post=post, until__isnull=True).update(
            until=clock.now()
        )
        if not ended:
            raise Missing(T("这个账号没有任这个岗位", "This account does not hold this post"))
        append(
            act="identity.end_post",
            subject=f"identity.account:{account_id}",
            actor=actor.id,
            label=actor.label,
            body={"post": post.pk, "organisation": post.organisation_id},
        )


def ensure_post(
    *,
    actor: Actor,
    account_id: int,
    organisation: int,
    title: str,
    roles: Sequence[str],
    region: str = "",
    english: str = "",
) -> int:
    """Let an account hold a post with these roles, making the post or adding to its roles as needed; return its id.

    Called twice it changes nothing. Raises as `define_post` and `give_post`.
    """
    with transaction.atomic():
        post_id = define_post(
            actor=actor,
            organisation=organisation,
            title=title,
            roles=roles,
            region=region,
            english=english,
            add=True,
        )
        give_post(actor=actor, account_id=account_id, post_id=post_id)
        return post_id


@dataclass(frozen=True, slots=True)
class NewHolding:
    """An account that is to hold a post with these roles; `region` "" the organisation's own."""

    account_id: int
    organisation: int
    title: str
    roles: tuple[str, ...] = ()
    region: str = ""
    english: str = ""


def ensure_posts(*, actor: Actor, rows: Sequence[NewHolding]) -> tuple[int, ...]:
    """Do `ensure_post` for many at once in a few statements, all or nothing, and return the posts' ids in order.

    One ledger entry for what was new. Called twice it changes nothing. Raises Refused, Invalid.
    """
    bodies = Organisation.objects.in_bulk({row.organisation for row in rows})
    if missing := {row.organisation for row in rows} - set(bodies):
        raise Invalid(fields={"organisation": T(f"没有机构 {missing}", f"No organisation {missing}")})
    declared = roles_declared()
    if unknown := {role for row in rows for role in row.roles} - set(declared):
        raise Invalid(fields={"roles": T(f"没有职责 {unknown}", f"No role {unknown}")})
    keys = [(row.organisation, row.title, row.region or bodies[row.organisation].region) for row in rows]
    for organisation, _, place in set(keys):
        require(actor, "identity.posts", organisation=organisation, region=place)
    if any(row.account_id == actor.id for row in rows):
        raise Refused(T("不能给自己授予岗位", "You cannot give yourself a post"))
    wanted: dict[tuple[int, str, str], set[str]] = {}
    english: dict[tuple[int, str, str], str] = {}
    for key, row in zip(keys, rows, strict=True):
        wanted.setdefault(key, set()).update(row.roles)
        english[key] = row.english
    with transaction.atomic():
        before = PostHolding.objects.count()
        Post.objects.bulk_create(
            [
                Post(
                    organisation_id=key[0],
                    title=key[1],
                    region=key[2],
                    roles=sorted(roles),
                    english=english[key],
                )
                for key, roles in wanted.items()
            ],
            ignore_conflicts=True,
        )
        posts = {
            (post.organisation_id, post.title, post.region): post
            for post in Post.objects.select_for_update().filter(organisation__in=bodies).order_by("id")
        }
        changed = 0
        for key, roles in wanted.items():
            if not roles <= set(posts[key].roles):
                changed += Post.objects.filter(pk=posts[key].pk).update(
                    roles=sorted({*posts[key].roles, *roles})
                )
        moment = clock.now()
        PostHolding.objects.bulk_create(
            [
                PostHolding(account_id=row.account_id, post=posts[key], since=moment)
                for key, row in zip(keys, rows, strict=True)
            ],
            ignore_conflicts=True,
        )
        added = PostHolding.objects.count() - before
        if added or changed:
            touched = [
                posts[key].pk for key, roles in wanted.items() if any(declared[r].apart for r in roles)
            ]
            for account_id in sorted(
                set(
                    PostHolding.objects.filter(post__in=touched, until__isnull=True).values_list(
                        "account_id", flat=True
                    )
                )
            ):
                _keep_apart(account_id)
            append(
                act="identity.give_post",
                subject="identity.account",
                actor=actor.id,
                label=actor.label,
                body={"added": added, "changed": changed, "accounts": len({row.account_id for row in rows})},
            )
    return tuple(posts[key].pk for key in keys)


def holders(organisations: Sequence[int]) -> dict[int, tuple[Holder, ...]]:
    """Return who holds a post at each of these organisations now, by post and account; one statement.

    For choosing who works on something; it shows names of staff and nothing else of them.
    """
    found: dict[int, list[Holder]] = {id: [] for id in organisations}
    rows = (
        PostHolding.objects.filter(
            post__organisation__in=list(organisations),
            post__is_active=True,
            until__isnull=True,
            account__is_active=True,
        )
        .order_by("post_id", "account_id")
        .values_list("post__organisation_id", "account_id", "account__label", "post__title", "post__region")
    )
    for organisation, account_id, label, title, region in rows:
        found[organisation].append(Holder(account_id, label, title, region))
    return {id: tuple(many) for id, many in found.items()}


def may_hold(roles: Sequence[str]) -> Verdict:
    """Judge whether one account may hold these roles together (separated administrators)."""
    declared = roles_declared()
    groups = {declared[role].apart: declared[role].title for role in roles if role in declared}
    groups.pop("", None)
    if len(groups) < 2:
        return Verdict(True, T("可以", "Allowed"))
    first, second = sorted(groups.values(), key=lambda t: t.en)[:2]
    return Verdict(
        False,
        T(
            "三员分立：同一账号不能兼任“{first}”和“{second}”",
            "Separated administrators: one account may not be both “{first}” and “{second}”",
        ).fill(first=first, second=second),
    )


def _keep_apart(account_id: int) -> None:
    lists = PostHolding.objects.filter(
        account_id=account_id, until__isnull=True, post__is_active=True
    ).values_list("post__roles", flat=True)
    verdict = may_hold([role for roles in lists for role in roles])
    if not verdict:
        raise Refused(verdict.why)


def _post_for(actor: Actor, post_id: int) -> Post:
    post = Post.objects.select_for_update().filter(pk=post_id).first()
    if post is None:
        if not may(actor, "identity.posts"):
            require(actor, "identity.posts")
        raise Missing(T("没有这个岗位", "There is no such post"))
    require(actor, "identity.posts", organisation=post.organisation_id, region=post.region)
    return post
