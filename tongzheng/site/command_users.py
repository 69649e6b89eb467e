"""`tongzheng users`: accounts from the command line, through the same door as the pages; the ledger says "system"."""

from __future__ import annotations

import argparse
import getpass
import secrets
import sys

from tongzheng.site import place, postgres
from tongzheng.site.command_city import start_django
from tongzheng.site.words import complain, say, told


def run(chosen: argparse.Namespace) -> int:
    """List, create, give a new password, unlock."""
    with postgres.city(place.data_folder()):
        start_django()
        acts = {"list": _list, "create": _create, "password": _reset, "unlock": _unlock}
        acts[chosen.act](chosen)
        return 0


def _list(chosen: argparse.Namespace) -> None:
    from tongzheng.kernel.identity import api

    after = 0
    while page := api.accounts(words=chosen.words, after=after, limit=200):
        for one in page:
            state = "" if one.is_active else told("（停用）", " (closed)")
            posts = told("、", "; ").join(str(post) for post in one.posts)
            seen = f"{one.last_sign_in:%Y-%m-%d %H:%M}" if one.last_sign_in else "—"
            print(f"{one.id:>7}  {one.username:<24} {one.kind:<8} {seen:<16}  {one.label}{state}  {posts}")
        after = page[-1].id


def _create(chosen: argparse.Namespace) -> None:
    from django.db import transaction

    from tongzheng.kernel.identity import api

    password = _password(chosen.username)
    with transaction.atomic():
        made = api.create_account(
            actor=api.SYSTEM,
            username=chosen.username,
            password=password,
            label=chosen.label or chosen.username,
            kind=chosen.kind,
            must_change=True,
        )
        if chosen.role:
            api.ensure_post(
                actor=api.SYSTEM,
                account_id=made.id,
                organisation=_organisation(chosen.organisation, chosen.region),
                title=chosen.post or str(_role(chosen.role)),
                roles=[chosen.role],
            )
    say(
        f"已建立账号 {made.username}（编号 {made.id}）。",
        f"Made the account {made.username} (number {made.id}).",
    )


def _role(id: str) -> object:
    from tongzheng.kernel.core.errors import Missing
    from tongzheng.kernel.core.registry import registry
    from tongzheng.kernel.core.text import T
    from tongzheng.kernel.identity.kinds import Role

    if found := registry.find(Role, id):
        return found.title
    known = ", ".join(registry.of(Role))
    raise Missing(T(f"没有角色 {id}；现有：{known}", f"there is no role {id}; there are: {known}"))


def _organisation(words: str, region: str) -> int:
    """Return the one body that the words name: its number, or a part of its name.

    With a region, one that is not there yet is entered as a public body: a new city has none, and without one
    nobody could hold the post from which bodies are entered.
    """
    from tongzheng.kernel.core.errors import Missing
    from tongzheng.kernel.core.text import T
    from tongzheng.kernel.identity import api

    found = (
        [api.organisation(int(words))] if words.isdecimal() else list(api.organisations(words=words, limit=8))
    )
    if len(found) == 1 and found[0]:
        return found[0].id
    if region and words and not words.isdecimal() and not found:
        made = api.ensure_organisation(
            actor=api.SYSTEM, name=words, kind="government", uscc="", region=region
        )
        return made.id
    names = "、".join(f"{one.id} {one.name}" for one in found if one)
    raise Missing(
        T(
            f"岗位属于一个机构：用 --organisation 指明编号或名称。{names}",
            f"A post belongs to an organisation: name one by --organisation, its number or name. {names}",
        )
    )


def _account(username: str) -> int:
    from tongzheng.kernel.core.errors import Missing
    from tongzheng.kernel.core.text import T
    from tongzheng.kernel.identity import api

    found = api.account_named(username)
    if found is None:
        raise Missing(T(f"没有账号 {username}", f"There is no account {username}"))
    return found.id


def _reset(chosen: argparse.Namespace) -> None:
    from tongzheng.kernel.identity import api

    id = _account(chosen.username)
    api.reset_password(actor=api.SYSTEM, account_id=id, password=_password(chosen.username))
    say("已重设；下次登录须修改。", "The new password serves once; it is changed at the next sign-in.")


def _unlock(chosen: argparse.Namespace) -> None:
    from tongzheng.kernel.identity import api

    api.unlock(actor=api.SYSTEM, account_id=_account(chosen.username))
    say("已解锁。", "Unlocked.")


def _password(username: str) -> str:
    """Ask for a password at a terminal, or take one line from a pipe; an empty answer makes one and prints it."""
    if sys.stdin is None or not sys.stdin.isatty():
        given = sys.stdin.readline().rstrip("\r\n") if sys.stdin else ""
    else:
        prompt = told(
            f"{username} 的新密码（留空则自动生成）：", f"New password of {username} (empty: make one): "
        )
        given = getpass.getpass(prompt)
        if given and getpass.getpass(told("再输一次：", "Once more: ")) != given:
            complain("两次输入不一致。", "The two are not the same.")
            raise SystemExit(1)
    if given:
        return given
    made = f"{secrets.token_urlsafe(9)}-{secrets.randbelow(9000) + 1000}aZ"
    say(f"密码：{made}", f"Password: {made}")
    return made
