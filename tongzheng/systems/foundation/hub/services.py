"""What the hub knows of the systems, read at this moment from where it stands; nothing is copied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.cases.kinds import CaseType
from tongzheng.kernel.core import clock, discovery
from tongzheng.kernel.core.demo import read_progress
from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.core.health import Check, all_checks
from tongzheng.kernel.core.ladder import LadderError, Standing, read, standing
from tongzheng.kernel.core.registry import CHAPTERS, System, registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from .plan import PLAN, TARGET_CONNECTED, TARGET_SERVICES

DAYS = 30
COUNTED: dict[str, T] = {
    "CaseType": T("办件类型", "Case types"),
    "Register": T("台账", "Registers"),
    "Template": T("消息模板", "Message templates"),
    "Document": T("文书", "Documents"),
    "Role": T("角色", "Roles"),
    "Action": T("权限", "Actions"),
}


@dataclass(frozen=True, slots=True)
class SystemCard:
    """One system as the hub shows it. `days` are cases opened on each of the last DAYS days, oldest first."""

    slug: str
    plan: str
    title: T
    summary: T
    chapter: T
    url: str
    standing: Standing | None
    fault: str
    declared: tuple[tuple[T, int], ...]
    days: tuple[int, ...]

    @property
    def opened(self) -> int:
        """Cases opened in the last DAYS days."""
        return sum(self.days)


@dataclass(frozen=True, slots=True)
class Overview:
    """The hub's page at one moment: its figures, systems, the plan's list and the health of every part."""

    at: datetime
    cards: tuple[SystemCard, ...]
    plan: tuple[tuple[str, T, SystemCard | None], ...]
    checks: tuple[Check, ...]
    demo: dict[str, Any] | None

    @property
    def connected(self) -> int:
        """How many systems of the plan are here."""
        return sum(1 for _, _, card in self.plan if card)

    @property
    def share(self) -> int:
        """The same as a whole percentage of the plan's systems."""
        return round(100 * self.connected / len(self.plan))

    @property
    def target(self) -> int:
        """The plan's target in per cent."""
        return round(100 * TARGET_CONNECTED)

    @property
    def services(self) -> int:
        """Shared capability services on offer; the gateway that offers them is not built yet."""
        return 0

    @property
    def services_target(self) -> int:
        """The plan's target of shared capability services."""
        return TARGET_SERVICES

    @property
    def registers(self) -> int:
        """Declared registers: what will be the first datasets of the catalogue."""
        return sum(n for card in self.cards for title, n in card.declared if title == COUNTED["Register"])

    @property
    def opened(self) -> int:
        """Cases opened in the last DAYS days, all systems."""
        return sum(card.opened for card in self.cards)

    @property
    def worst(self) -> str:
        """The worst level among the checks: "ok", "warning" or "failed"."""
        levels = {check.level for check in self.checks}
        return "failed" if "failed" in levels else "warning" if "warning" in levels else "ok"


def overview(*, actor: identity.Actor) -> Overview:
    """Return the hub's page. Raises SignInNeeded, Refused."""
    identity.require(actor, "hub.read")
    volumes = cases.volumes(days=DAYS)
    cards = tuple(
        _card(system, volumes) for system in registry.systems.values() if system.chapter in CHAPTERS
    )
    by_plan = {card.plan: card for card in cards}
    return Overview(
        at=clock.now(),
        cards=cards,
        plan=tuple((key, title, by_plan.get(key)) for key, title in PLAN.items()),
        checks=tuple(all_checks()),
        demo=read_progress(settings.DATA),
    )


def system_card(slug: str, *, actor: identity.Actor) -> SystemCard | None:
    """Return one system as the hub shows it, or None. Raises SignInNeeded, Refused."""
    identity.require(actor, "hub.read")
    system = registry.systems.get(slug)
    if system is None or system.chapter not in CHAPTERS:
        return None
    return _card(system, cases.volumes(days=DAYS))


def last_checkpoint() -> ledger.CheckpointView | None:
    """Return the ledger's last signed checkpoint; None before there is one, in the first second of a city."""
    try:
        return ledger.checkpoint()
    except Missing:
        return None


def _card(system: System, volumes: dict[str, tuple[int, ...]]) -> SystemCard:
    kinds: dict[str, int] = {}
    days = [0] * DAYS
    for thing in system.declares:
        name = type(thing).__name__
        kinds[name] = kinds.get(name, 0) + 1
        if isinstance(thing, CaseType):
            for place, number in enumerate(volumes.get(f"{system.slug}.{thing.name}", ())):
                days[place] += number
    climbed, fault = _standing(discovery.PACKAGE / "systems" / system.chapter / system.slug)
    return SystemCard(
        slug=system.slug,
        plan=system.plan,
        title=system.title,
        summary=system.summary,
        chapter=CHAPTERS[system.chapter],
        url=system.home or f"/{system.slug}/",
        standing=climbed,
        fault=fault,
        declared=tuple((words, kinds[name]) for name, words in COUNTED.items() if name in kinds),
        days=tuple(days),
    )


def _standing(folder: Path) -> tuple[Standing | None, str]:
    try:
        return standing(read(folder / "quality.toml")), ""
    except LadderError as error:
        return None, str(error)
