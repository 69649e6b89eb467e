"""A small world for tests of systems: a few offices, people and posts, entered through identity's door."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from django.test import Client

from tongzheng.kernel.core import codes
from tongzheng.kernel.identity import api as identity

PASSWORD = "Right-horse-42-battery"
COUNTY = "141102"
CITY = "141100"


def id_number(serial: int, *, born: str = "19850101", region: str = "141100") -> str:
    """Return a valid, invented ID number."""
    first = f"{region}{born}{serial:03d}"
    return first + codes.id_check(first)


@dataclass
class World:
    """Makes offices, staff and citizens on demand; each is new and belongs to one test."""

    serials: itertools.count = field(default_factory=lambda: itertools.count(1))

    def office(
        self, name: str, *, region: str = COUNTY, kind: str = "government", parent: int | None = None
    ) -> int:
        """Return the id of an office of that name."""
        serial = f"{next(self.serials):08d}"
        return identity.ensure_organisation(
            actor=identity.SYSTEM,
            name=name,
            kind=kind,
            uscc=codes.make_uscc("11", "141100", serial),
            region=region,
            parent=parent,
            short=name,
        ).id

    def staff(self, office: int, *roles: str, name: str = "王小明", region: str = "") -> identity.Actor:
        """Return somebody who holds one post with these roles at an office."""
        serial = next(self.serials)
        account = identity.create_account(
            actor=identity.SYSTEM, username=f"staff{serial}", password=PASSWORD, label=name, kind="staff"
        )
        identity.ensure_post(
            actor=identity.SYSTEM,
            account_id=account.id,
            organisation=office,
            title=f"岗位{serial}",
            roles=roles,
            region=region,
        )
        return identity.actor_of(account.id)

    def client(self, actor: identity.Actor, *, language: str = "zh-hans") -> Client:
        """Return a browser in which this actor has signed in by the page that everyone uses."""
        client = Client()
        client.cookies["language"] = language
        (account,) = identity.accounts(ids=[actor.id or 0])
        answer = client.post("/account/sign-in/", {"username": account.username, "password": PASSWORD})
        assert answer.status_code == 302, answer.content.decode()[:2000]
        return client

    def citizen(self, name: str = "李桂英", phone: str = "13800000001") -> identity.Actor:
        """Return a registered citizen."""
        serial = next(self.serials)
        person = identity.register_person(
            actor=identity.SYSTEM, name=name, id_number=id_number(serial), phone=phone, region="141102001"
        )
        account = identity.create_account(
            actor=identity.SYSTEM,
            username=f"citizen{serial}",
            password=PASSWORD,
            kind="citizen",
            person_id=person.id,
        )
        return identity.actor_of(account.id)

    def enter(self, client: Client, actor: identity.Actor) -> Client:
        """Sign a client in as somebody, through the page, and return it."""
        (account,) = identity.accounts(ids=[actor.id])
        entries = {"username": account.username, "password": PASSWORD}
        assert client.post("/account/sign-in/", entries).status_code == 302
        return client
