"""Accounts: who has a way in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, connection, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused
from tongzheng.kernel.core.sealing import unseal
from tongzheng.kernel.core.text import T
from tongzheng.kernel.ledger.api import append

from .actors import require
from .models import Account, Person
from .passwords import password_slip
from .people import NewPerson, check_persons, register_person, tidy_id, tidy_name
from .places import common_passwords, like
from .views import SYSTEM, AccountView, Actor

_USERNAME = re.compile(r"[a-z][a-z0-9._-]{2,39}", re.ASCII)

_ACCOUNTS = """
SELECT a.id, a.username, a.label, a.kind, a.is_active, a.totp_since IS NOT NULL, a.last_login,
  ARRAY(SELECT o.name || ' · ' || p.title FROM identity_postholding h
        JOIN identity_post p ON p.id = h.post_id JOIN identity_organisation o ON o.id = p.organisation_id
        WHERE h.account_id = a.id AND h.until IS NULL ORDER BY h.since, h.id)
FROM identity_account a WHERE """


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be made; `label` is how staff appear to others, "" for citizens (their masked name)."""

    username: str
    label: str = ""
    kind: str = "staff"
    person_id: int | None = None
    lang: str = "zh"


def create_account(
    *,
    actor: Actor,
    username: str,
    password: str,
    label: str = "",
    kind: str = "staff",
    person_id: int | None = None,
    lang: str = "zh",
    must_change: bool = False,
) -> AccountView:
    """Make an account and return it.

    Args: username, 3 to 40 of a–z, 0–9, ".", "-", "_", in any letter case; password by the password rule;
    must_change, the first password serves once. Raises Refused without identity.accounts, Invalid, Conflict.
    """
    row = NewAccount(username, label, kind, person_id, lang)
    (id,) = create_accounts(actor=actor, rows=[row], password=password, must_change=must_change)
    return _one(id)


def create_accounts(
    *,
    actor: Actor,
    rows: Sequence[NewAccount],
    password: str,
    must_change: bool = True,
    keep: bool = False,
) -> tuple[int, ...]:
    """Make many accounts with one first password (hashed once) and return their ids in order; one ledger entry.

    Args: keep, accounts that exist already are left alone and their id returned; else they raise Conflict.
    """
    require(actor, "identity.accounts")
    rows = [_tidy(row) for row in rows]
    slips: dict[str, T] = {}
    for number, row in enumerate(rows, 1):
        at = f"{number}." if len(rows) > 1 else ""
        if not _USERNAME.fullmatch(row.username):
            slips[f"{at}username"] = T(
                "用户名为 3 至 40 位字母、数字、点、横线，以字母开头",
                "A user name has 3 to 40 letters, digits, dots and dashes and starts with a letter",
            )
        if row.kind not in Account.KINDS:
            slips[f"{at}kind"] = T("没有这类账号", "There is no such kind of account")
        if len(row.label) > 60 or (row.kind == "staff" and len(row.label) < 2):
            slips[f"{at}label"] = T("请填写姓名", "Enter the name")
        if row.kind == "citizen" and row.person_id is None:
            slips[f"{at}person_id"] = T("公众账号须对应一个人", "A citizen's account belongs to a person")
        if slip := password_slip(password, username=row.username, common=common_passwords()):
            slips[f"{at}password"] = slip
    if slips:
        raise Invalid(fields=slips)
    with transaction.atomic():
        known = _known([row.username for row in rows])
        if known and not keep:
            raise Conflict(
                T("用户名已被使用：{names}", "The user name is taken: {names}").fill(
                    names="、".join(sorted(known))
                )
            )
        fresh = list({row.username: row for row in rows if row.username not in known}.values())
        if fresh:
            masked = dict(
                Person.objects.filter(id__in=[r.person_id for r in fresh if r.person_id]).values_list(
                    "id", "name_masked"
                )
            )
            hashed, moment = make_password(password), clock.now()
            made = [
                Account(
                    username=row.username,
                    label=row.label or masked.get(row.person_id or 0, row.username),
                    kind=row.kind,
                    person_id=row.person_id,
                    lang=row.lang if row.lang in ("zh", "en") else "zh",
                    password=hashed,
                    password_changed_at=moment,
                    must_change=must_change,
                )
                for row in fresh
            ]
            try:
                with transaction.atomic():
                    Account.objects.bulk_create(made, batch_size=1000, ignore_conflicts=keep)
            except IntegrityError:
                raise Conflict(T("用户名刚被他人使用", "The user name was taken a moment ago")) from None
            known |= _known([row.username for row in fresh])
            ids = sorted(known[row.username] for row in fresh)
            append(
                act="identity.create_account",
                subject=f"identity.account:{ids[0]}" if len(ids) == 1 else "identity.account",
                actor=actor.id,
                label=actor.label,
                body={"count": len(ids), "first": ids[0], "last": ids[-1], "kind": fresh[0].kind},
            )
    return tuple(known[row.username] for row in rows)


def register_citizen(
    *, username: str, password: str, name: str, id_number: str, phone: str, lang: str = "zh"
) -> AccountView:
    """Let a member of the public make their own account: one for each person. Raises Invalid, Conflict.

    The person's identity is checked by the form of the ID number only; a city connects its real-name service here.
    """
    slips: dict[str, T] = {}
    try:
        check_persons([NewPerson(tidy_name(name), tidy_id(id_number), phone)])
    except Invalid as fault:
        slips |= fault.fields
    try:
        _check_new(username, password)
    except Invalid as fault:
        slips |= fault.fields
    if not phone.strip():
        slips["phone"] = T("请填写手机号码", "Enter a phone number")
    if slips:
        raise Invalid(fields=slips)
    with transaction.atomic():
        person = register_person(actor=SYSTEM, name=name, id_number=id_number, phone=phone)
        # Locked before looking, so that two registrations at once cannot both find no account.
        row = Person.objects.select_for_update().get(pk=person.id)
        if unseal(row.name_sealed, use="person.name") != tidy_name(name):
            raise Invalid(
                fields={"name": T("姓名与身份证号不一致", "Name and ID number do not belong together")}
            )
        if Account.objects.filter(person_id=row.pk, kind="citizen").exists():
            raise Conflict(
                T(
                    "这个身份证号已注册。忘记口令请持证件到窗口办理",
                    "This ID number is registered. If you forgot the password, ask at a window with your ID",
                )
            )
        return create_account(
            actor=SYSTEM, username=username, password=password, kind="citizen", person_id=person.id, lang=lang
        )


def set_active(*, actor: Actor, account_id: int, active: bool) -> AccountView:
    """Close or reopen an account; a closed one ends its sessions at once. Raises Refused, Missing.

    Nobody closes their own account.
    """
    require(actor, "identity.accounts")
    if actor.id == account_id:
        raise Refused(T("不能停用自己的账号", "You cannot close your own account"))
    with transaction.atomic():
        changed = Account.objects.filter(pk=account_id).exclude(is_active=active).update(is_active=active)
        view = _one(account_id)
        if changed:
            append(
                act="identity.set_active",
                subject=f"identity.account:{account_id}",
                actor=actor.id,
                label=actor.label,
                body={"active": active},
            )
    return view


def accounts(
    *, words: str = "", ids: Sequence[int] | None = None, after: int = 0, limit: int = 50
) -> tuple[AccountView, ...]:
    """Return accounts by id with the posts they hold, after an id, at most `limit` (up to 200); one statement.

    Args: words, part of the user name or label. The caller guards the page.
    """
    where: list[str] = ["a.id > %s"]
    params: list[int | str | list[int]] = [after]
    if words.strip():
        part = like(words)
        where.append("(a.username LIKE %s OR a.label LIKE %s)")
        params += [f"%{part.lower()}%", f"%{part}%"]
    if ids is not None:
        where.append("a.id = ANY(%s)")
        params.append(list(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            _ACCOUNTS + " AND ".join(where) + " ORDER BY a.id LIMIT %s", (*params, max(1, min(limit, 200)))
        )
        return tuple(
            AccountView(id, username, label, kind, active, totp, last, tuple(posts))
            for id, username, label, kind, active, totp, last, posts in cursor.fetchall()
        )


def account_named(username: str) -> AccountView | None:
    """Return the account of that user name, in any letter case, or None."""
    id = Account.objects.filter(username=username.strip().lower()).values_list("id", flat=True).first()
    return _one(id) if id is not None else None


def _check_new(username: str, password: str) -> None:
    name = username.strip().lower()
    slips: dict[str, T] = {}
    if not _USERNAME.fullmatch(name):
        slips["username"] = T(
            "用户名为 3 至 40 位字母、数字、点、横线，以字母开头",
            "A user name has 3 to 40 letters, digits, dots and dashes and starts with a letter",
        )
    elif Account.objects.filter(username=name).exists():
        slips["username"] = T("用户名已被使用", "The user name is taken")
    if slip := password_slip(password, username=name, common=common_passwords()):
        slips["password"] = slip
    if slips:
        raise Invalid(fields=slips)


def _tidy(row: NewAccount) -> NewAccount:
    label = " ".join(row.label.replace("\0", "").split())
    return NewAccount(row.username.strip().lower(), label, row.kind, row.person_id, row.lang)


def _known(names: Sequence[str]) -> dict[str, int]:
    return dict(Account.objects.filter(username__in=names).values_list("username", "id"))


def _one(id: int) -> AccountView:
    found = accounts(ids=[id])
    if not found:
        raise Missing(T("没有这个账号", "There is no such account"))
    return found[0]
