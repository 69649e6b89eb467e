"""Who acts and for whom, in words that stay true: labels are kept with every event as they were then."""

from __future__ import annotations

import time
from typing import Any

from django.db import connection

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.codes import id_slip, masked_name, masked_phone, phone_slip
from tongzheng.kernel.core.errors import Invalid
from tongzheng.kernel.core.sealing import seal_json, unseal_json
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from .views import Applicant

USE = "cases.applicant"
NAMES_SECONDS = 60.0

_names: dict[tuple[str, int], tuple[str, float]] = {}


def organisation_name(id: int | None) -> str:
    """Return an organisation's short name, at most a minute old; "" for none. Raises Invalid for an unknown one."""
    if id is None:
        return ""
    key = (str(connection.settings_dict["NAME"]), id)
    found = _names.get(key)
    now = time.monotonic()
    if found and now - found[1] < NAMES_SECONDS:
        return found[0]
    body = identity.organisation(id) if 0 < id < 2**63 else None
    if body is None:
        raise Invalid(fields={"organisation": T("没有这个单位", "There is no such organisation")})
    name = body.short or body.name
    if len(_names) > 10_000:
        _names.clear()
    _names[key] = (name, now)
    return name


def forget() -> None:
    """Forget the names: for a test whose database was made anew."""
    _names.clear()


def actor_label(actor: identity.Actor, post_id: int | None) -> str:
    """Return who acts, with the post they act from: 张三 · 市住建局 供热科; and for whom, if they stand in."""
    if actor.kind == "citizen":
        return masked_name(actor.label)
    if actor.kind == "nobody":
        return "匿名 anonymous"
    post = post_of(actor, post_id)
    if post is None:
        return actor.label
    who = f"{actor.label}（代 {post.stands_for[1]}）" if post.stands_for else actor.label
    return f"{who} · {post.organisation_name} {post.title}"


def post_of(actor: identity.Actor, post_id: int | None) -> identity.PostView | None:
    """Return the post an actor acts from, or None."""
    for post in actor.posts:
        if post.id == post_id:
            return post
    return None


def handler_label(handler: int, organisation: int | None) -> str:
    """Return the label of a person who is to work on a case. Raises Invalid unless they hold a post there."""
    found = identity.actor_of(handler) if 0 < handler < 2**63 else identity.NOBODY
    if organisation is None or not any(post.organisation_id == organisation for post in found.posts):
        raise Invalid(
            fields={"handler": T("此人不在所选单位任职", "This person holds no post in that organisation")}
        )
    return found.label


def applicant_of(actor: identity.Actor, given: Applicant | None) -> Applicant:
    """Return for whom a case is. A citizen is the applicant by themselves and can be for nobody else's account."""
    found = given or Applicant()
    if actor.kind == "citizen":
        name = found.name or actor.label
        found = _with(found, account_id=actor.id, person_id=actor.person_id, name=name)
    elif actor.kind == "nobody":
        found = _with(found, account_id=None, person_id=None)
    slips: dict[str, T] = {}
    if len(found.name) > 100 or "\0" in found.name:
        slips["applicant.name"] = T("姓名最多 100 字", "A name has at most 100 characters")
    if found.phone and phone_slip(found.phone):
        slips["applicant.phone"] = T("电话号码不对", "This is not a phone number")
    if found.id_number and id_slip(found.id_number, today=clock.today()):
        slips["applicant.id_number"] = T("身份证号不对", "This is not an ID number")
    if found.lang not in ("zh", "en"):
        slips["applicant.lang"] = T("语言只能是 zh 或 en", "The language is zh or en")
    if slips:
        raise Invalid(fields=slips)
    return found


def _with(applicant: Applicant, **values: Any) -> Applicant:
    kept = {name: getattr(applicant, name) for name in Applicant.__slots__}
    return Applicant(**{**kept, **values})


def applicant_label(applicant: Applicant) -> str:
    """Return an applicant as lists show them: an organisation's name in full, a person's masked."""
    if applicant.organisation_id is not None:
        return organisation_name(applicant.organisation_id)
    if applicant.name:
        return masked_name(applicant.name)
    return masked_phone(applicant.phone) if applicant.phone else ""


def sealed_applicant(applicant: Applicant) -> bytes:
    """Return an applicant's personal entries sealed."""
    personal = {"name": applicant.name, "phone": applicant.phone, "id_number": applicant.id_number}
    return seal_json({name: value for name, value in personal.items() if value}, use=USE)


def unsealed_applicant(sealed: bytes) -> dict[str, str]:
    """Return an applicant's personal entries."""
    found: dict[str, str] = unseal_json(sealed, use=USE)
    return found


def is_applicant(
    actor: identity.Actor, account_id: int | None, person_id: int | None, organisation_id: int | None
) -> bool:
    """Tell whether the case is this actor's own, or that of an enterprise for which they act as its own person."""
    if actor.id is not None and actor.id == account_id:
        return True
    if actor.person_id is not None and actor.person_id == person_id:
        return True
    return (
        actor.kind == "citizen"
        and organisation_id is not None
        and any(post.organisation_id == organisation_id for post in actor.posts)
    )
