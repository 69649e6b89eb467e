"""Every address of the house, and a scene in which each has something to show: offices, people, cases, files, rows."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from PIL import Image

from tests.world import World
from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.definitions import api as definitions
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.kinds import Role
from tongzheng.kernel.identity.models import Account
from tongzheng.systems.decision.services import items
from tongzheng.systems.public.hotline import services as hotline

COUNTY, CITY = "141102", "141100"
TICKET = {"kind": "help", "text": "楼下路灯不亮", "class": "010301", "channel": "web", "urgency": "normal"}
APPLICATION = {
    "applicant_name": "李桂英",
    "applicant_id": "11010519491231002X",
    "phone": "13800000001",
    "trade_name": "老李面馆",
    "uscc": "11100000000013338W",
    "food_business": ["hot"],
    "address": "滨河北路 8 号",
    "premises_area": "60",
    "region": COUNTY,
    "for": "",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One address: how it is written, its name with its package, and the places in it."""

    pattern: str
    name: str
    places: tuple[str, ...]

    def path(self, values: dict[str, Any]) -> str:
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), self.pattern)


def routes() -> list[Route]:
    """Return every address that the resolver knows, each pattern once."""
    found = {route.pattern: route for route in _walk(get_resolver(), "", ())}
    return sorted(found.values(), key=lambda route: route.pattern)


def _walk(resolver: URLResolver, before: str, names: tuple[str, ...]) -> Iterator[Route]:
    for one in resolver.url_patterns:
        pattern = before + str(one.pattern)
        if isinstance(one, URLPattern):
            places = tuple(re.findall(r"<(?:\w+:)?(\w+)>", pattern))
            yield Route(pattern, ":".join((*names, one.name or "")), places)
        else:
            yield from _walk(one, pattern, (*names, one.namespace) if one.namespace else names)


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(file, "PNG")
    return file.getvalue()


def upload(name: str = "plan.png", content: bytes | None = None) -> SimpleUploadedFile:
    """Return a file as a browser sends it."""
    return SimpleUploadedFile(name, png() if content is None else content)


@dataclass
class Scene:
    """Who is there and what there is."""

    world: World
    actors: dict[str, identity.Actor] = field(default_factory=dict)
    real: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def built(cls, world: World) -> Scene:
        scene = cls(world)
        scene._people()
        scene._cases()
        return scene

    def _people(self) -> None:
        world = self.world
        identity.load_regions()
        self.centre = world.office("吕梁市12345热线中心", region=CITY, kind="institution")
        self.bureau = world.office("吕梁市行政审批服务管理局", region=CITY)
        # Everything that may be held together in one hand; the three administrators are apart.
        apart = {id: role for id, role in registry.of(Role).items() if role.apart}
        together = [id for id in registry.of(Role) if id not in apart]
        self.actors["everything"] = world.staff(self.bureau, *together, name="郭全能", region=CITY)
        identity.ensure_post(
            actor=identity.SYSTEM,
            account_id=self.actors["everything"].id,
            organisation=self.centre,
            title="热线全能岗",
            roles=together,
            region=CITY,
        )
        for id, role in apart.items():
            self.actors[role.apart] = world.staff(self.bureau, id, name="管理员", region=CITY)
        Account.objects.update(totp_since=clock.now())
        self.actors["staff"] = world.staff(self.bureau, name="无岗位者")
        self.actors["citizen"] = world.citizen()
        self.actors["other"] = world.citizen("赵六", "13800000009")
        self.actors = {name: identity.actor_of(actor.id) for name, actor in self.actors.items()}

    def _cases(self) -> None:
        items.load_items(items.read_items(), actor=identity.SYSTEM)
        items.offer_item("food-business", actor=identity.SYSTEM, organisation=self.bureau, region=COUNTY)
        ticket = hotline.take(
            actor=self.actors["citizen"],
            region=COUNTY,
            values=TICKET,
            once="scene",
            applicant=hotline.caller(self.actors["citizen"], {"caller_phone": "13800000001"}),
        )
        client = self.browser("citizen")
        form = {**APPLICATION, "once": "scene", "material_premises_plan": upload()}
        answer = client.post("/services/items/food-business/apply/", form)
        assert answer.status_code == 302, answer.content.decode()
        number = answer["Location"].split("/")[3]
        (file,) = cases.sheet(number, actor=self.actors["citizen"]).files
        organisation = {"register_id": "registers.organisations", "pk": self.bureau}
        form = definitions.begin(
            "cases.form",
            "shop",
            actor=identity.SYSTEM,
            title=T("店铺登记表", "Registration of a shop"),
            organisation=self.bureau,
        )
        drawn = definitions.look(form.id, actor=identity.SYSTEM).content.replace("名称", "店铺字号")
        form = definitions.save(form.id, actor=identity.SYSTEM, lock=form.lock, content=drawn)
        form = definitions.propose(form.id, actor=identity.SYSTEM, lock=form.lock)
        defined = {"kind": "cases.form", "key": "shop"}
        self.real = {
            "": {
                "number": number,
                "move": "accept",
                "digest": file.digest,
                "n": 1,
                "key": "food-business",
                "id": self.actors["staff"].id,
                "act": "posts",
                "type_id": "hotline.ticket",
                "slug": "hotline",
                "name": "look.css",
                "kind": "region",
                "form": "xlsx",
                "view_id": 1,
                "part": 1,
                "check": "originals",
                **organisation,
            },
            "cases:verify": {"number": number, "n": 1, "code": cases.document_code(number, 1)},
            "cases:ask": {"number": number, "name": "joint"},
            "services:my_move": {"number": number, "move": "withdraw"},
            "identity:unmask": {"id": self.actors["citizen"].person_id},
            "definitions:history": defined,
            "definitions:draft": defined,
            "definitions:version": {"id": form.id},
            "definitions:content": {"id": form.id},
            "definitions:act": {"id": form.id, "act": "decide"},
            "ticket": {"number": ticket.number},
        }

    def path(self, route: Route) -> str:
        """Return the address with what is really there."""
        return route.path({**self.real[""], **self.real.get(route.name, {})})

    def browser(self, who: str = "", *, lang: str = "zh-hans", strict: bool = False) -> Client:
        """Return a browser, signed in as one of the actors; `strict` refuses forms without their token."""
        client = Client(headers={"accept-language": lang, "accept": "text/html"}, enforce_csrf_checks=strict)
        if who:
            client.force_login(Account.objects.get(pk=self.actors[who].id))
        return client


def tried(client: Client, method: str, path: str, data: Any = None, **more: Any) -> HttpResponse:
    """Ask for something and undo whatever it did to the database, so that one answer does not change the next."""
    with transaction.atomic():
        place = transaction.savepoint()
        cookies = client.cookies.copy()
        try:
            return getattr(client, method)(path, data, **more)
        finally:
            client.cookies = cookies
            transaction.savepoint_rollback(place)
