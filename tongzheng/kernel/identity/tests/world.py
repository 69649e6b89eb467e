"""A very small city for identity's own tests, made through the doors."""

from __future__ import annotations

from tongzheng.kernel.core.codes import id_check, make_uscc
from tongzheng.kernel.identity import api

PASSWORD = "Yellow-River-2026"


def body(name: str, region: str = "141100", kind: str = "government", parent: int | None = None) -> int:
    return api.ensure_organisation(
        actor=api.SYSTEM, name=name, kind=kind, uscc="", region=region, parent=parent
    ).id


def account(username: str, label: str = "王建国", kind: str = "staff") -> int:
    return api.create_account(
        actor=api.SYSTEM, username=username, password=PASSWORD, label=label, kind=kind
    ).id


def post(account_id: int, organisation: int, *roles: str, title: str = "科员", region: str = "") -> int:
    return api.ensure_post(
        actor=api.SYSTEM,
        account_id=account_id,
        organisation=organisation,
        title=title,
        roles=roles,
        region=region,
    )


def id_number(serial: int = 1, born: str = "19900101") -> str:
    first = f"141199{born}{serial:03d}"
    return first + id_check(first)


def uscc(serial: int, head: str = "11") -> str:
    return make_uscc(head, "141100", f"{serial:08d}")
