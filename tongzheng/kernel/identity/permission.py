"""The rule of permission: action × organisation × region. Pure: no database, no clock.

An actor holds posts; a post's roles give actions, each with a reach from the post's organisation and region:
"own" the organisation itself, "below" also everything beneath it, "region" every place in the post's region.
"""

from __future__ import annotations

from collections.abc import Iterable

from tongzheng.kernel.core.codes import region_prefix
from tongzheng.kernel.core.text import T

from .kinds import Action, Role
from .views import Actor, PostView, Reach, Verdict

_REACHES = {
    "own": T("本单位", "their own organisation"),
    "below": T("本单位及下属单位", "their organisation and those beneath it"),
    "region": T("辖区内各单位", "every organisation in their region"),
}
_KINDS = {
    "citizen": T("每位注册用户", "every registered user"),
    "staff": T("每位工作人员", "every member of staff"),
    "nobody": T("任何人", "anyone"),
}


def merged(reaches: Iterable[str]) -> str:
    """Return one reach for an action that several roles of a post give: the widest, both ways if they differ."""
    parts = {part for reach in reaches for part in reach.split("+")}
    upward = "below" if "below" in parts else "own" if "own" in parts else ""
    return "+".join(part for part in (upward, "region" if "region" in parts else "") if part)


def actions_of(roles: Iterable[Role]) -> dict[str, str]:
    """Return the actions that roles give together, each with its reach."""
    found: dict[str, list[str]] = {}
    for role in roles:
        for action in role.actions:
            found.setdefault(action, []).append(role.reach)
    return {action: merged(reaches) for action, reaches in found.items()}


def may(
    actor: Actor,
    action: str,
    *,
    declared: Action | None,
    organisation: int | None = None,
    region: str | None = None,
) -> Verdict:
    """Judge whether `actor` may do `action` on what belongs to `organisation` and lies in `region`.

    With neither, the question is whether they may do it anywhere at all. `declared` is what the action's id stands
    for, None if nothing.
    """
    if declared is None:
        return Verdict(False, T(f"没有名为 {action} 的权限", f"No action is called {action}"))
    title = declared.title
    if actor.kind == "system":
        return Verdict(True, T("由平台自身执行", "Done by the platform itself"))
    if actor.kind in declared.open_to or "nobody" in declared.open_to:
        whom = actor.kind if actor.kind in declared.open_to else "nobody"
        return Verdict(
            True,
            T("“{action}”向{whom}开放", "“{action}” is open to {whom}").fill(action=title, whom=_KINDS[whom]),
        )
    if actor.kind == "nobody":
        return Verdict(False, T("请先登录", "Please sign in first"))
    anywhere = organisation is None and region is None
    elsewhere: PostView | None = None
    held_back: T | None = None
    for post in actor.posts:
        reach = post.actions.get(action)
        if reach is None:
            continue
        if post.held_back is not None:
            held_back = post.held_back
            continue
        how = _how(post, reach, organisation, region)
        if how or anywhere:
            return Verdict(True, _because(post, title, how or reach.split("+")[0]), post.id)
        elsewhere = post
    if held_back is not None:
        return Verdict(False, held_back)
    if elsewhere is not None:
        return Verdict(
            False,
            T(
                "您的岗位“{post}”可以“{action}”，但不包括这个单位或地区",
                "Your post “{post}” permits “{action}”, but not for this organisation or region",
            ).fill(post=elsewhere.words, action=title),
        )
    return Verdict(
        False,
        T("您的岗位没有“{action}”权限", "None of your posts permits “{action}”").fill(action=title),
    )


def reach(actor: Actor, action: str, *, declared: Action | None) -> Reach:
    """Return which rows `actor` may do `action` on; it agrees with `may` row by row."""
    if declared is None:
        return Reach()
    if actor.kind == "system" or {actor.kind, "nobody"} & set(declared.open_to):
        return Reach(everything=True)
    organisations: set[int] = set()
    prefixes: set[str] = set()
    for post in actor.posts:
        parts = post.actions.get(action, "").split("+")
        if post.held_back is not None or parts == [""]:
            continue
        if "own" in parts or "below" in parts:
            organisations.add(post.organisation_id)
        if "below" in parts:
            organisations |= post.below
        if "region" in parts:
            prefixes.add(region_prefix(post.region))
    kept = tuple(p for p in sorted(prefixes) if not any(p != q and p.startswith(q) for q in prefixes))
    return Reach(organisations=tuple(sorted(organisations)), regions=kept)


def _how(post: PostView, reach: str, organisation: int | None, region: str | None) -> str:
    parts = reach.split("+")
    if organisation is not None:
        if organisation == post.organisation_id and ("own" in parts or "below" in parts):
            return "own"
        if "below" in parts and organisation in post.below:
            return "below"
    if region is not None and "region" in parts and region.startswith(region_prefix(post.region)):
        return "region"
    return ""


def _because(post: PostView, action: T, how: str) -> T:
    return T(
        "{organisation}“{post}”可对{reach}“{action}”",
        "“{post}” of {organisation} permits “{action}” for {reach}",
    ).fill(
        organisation=post.organisation,
        post=post.words,
        action=action,
        reach=_REACHES[how],
    )
