"""The catalogue in force, an approval bureau with somebody at each desk, a citizen and an enterprise's agent."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from tests.world import PASSWORD
from tongzheng.kernel.core import clock
from tongzheng.kernel.identity import api as identity
from tongzheng.systems.decision.services import items

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=clock.CHINA)
REGION = "141102"
VALUES = {
    "applicant_name": "李桂英",
    "applicant_id": "11010519491231002X",
    "phone": "13800000001",
    "trade_name": "老李面馆",
    "uscc": "11100000000013338W",
    "food_business": ["hot"],
    "address": "滨河北路 8 号",
    "premises_area": "60",
}


def png() -> bytes:
    """Return a small picture."""
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(file, "PNG")
    return file.getvalue()


def upload(name: str = "plan.png", content: bytes | None = None) -> SimpleUploadedFile:
    """Return a file as a browser sends it."""
    return SimpleUploadedFile(name, png() if content is None else content)


@dataclass
class Hall:
    """Who is at the approval hall."""

    bureau: int
    clerk: identity.Actor
    reviewer: identity.Actor
    decider: identity.Actor
    citizen: identity.Actor
    other: identity.Actor
    agent: identity.Actor
    firm: int
    world: Any

    def client(self, actor: identity.Actor | None = None, lang: str = "zh-hans") -> Client:
        """Return a browser, signed in as an actor if one is given."""
        client = Client(headers={"accept-language": lang})
        if actor is not None:
            (account,) = identity.accounts(ids=[actor.id])
            answer = client.post(
                "/account/sign-in/", {"username": account.username, "password": PASSWORD, "next": "/"}
            )
            assert answer.status_code in (302, 303), answer.content.decode()[:2000]
        return client


@pytest.fixture
def hall(world: Any) -> Hall:
    """The catalogue in force, an approval bureau, and somebody at each desk."""
    identity.load_regions()
    items.load_items(items.read_items(), actor=identity.SYSTEM)
    bureau = world.office("离石区行政审批服务管理局")
    firm = world.office("离石老王餐饮有限公司", kind="enterprise")
    agent = world.citizen("王大力", "13800000002")
    identity.ensure_post(
        actor=identity.SYSTEM, account_id=agent.id, organisation=firm, title="经办人", roles=()
    )
    for key in ("food-business", "sole-trader", "presale-permit"):
        items.offer_item(key, actor=identity.SYSTEM, organisation=bureau, region=REGION)
    return Hall(
        bureau=bureau,
        clerk=world.staff(bureau, "services.window", "identity.person_clerk"),
        reviewer=world.staff(bureau, "services.reviewer"),
        decider=world.staff(bureau, "services.decider"),
        citizen=world.citizen(),
        other=world.citizen("赵六", "13800000003"),
        agent=identity.actor_of(agent.id),
        firm=firm,
        world=world,
    )
