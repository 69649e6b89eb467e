"""A year of the demo city's hotline: invented callers and matters, told as stories through the services.

Who and what of a ticket depend only on the seed and its number, so the same city loads twice identically, and a
loading that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.demo import DemoRun, Story
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import rules, services

YEARLY = 14_000
CALLERS = 2_500
DAYS = 365
ADMINISTRATOR = "管理员"
GOVERNMENT_OFFICE = "人民政府办公室"
CITY = services.CITY
CHANNELS = (("phone", 70), ("web", 9), ("app", 11), ("wechat", 8), ("letter", 1), ("national", 1))
TEXTS: dict[str, Any] = tomllib.loads(
    (Path(__file__).parent / "data" / "demo.toml").read_text(encoding="utf-8")
)
WORDS: dict[str, list[str]] = TEXTS["words"]
POSTS = (
    ("rx.chen", "话务坐席", "Agent", ("hotline.agent",)),
    ("rx.liu", "派单岗", "Dispatcher", ("hotline.dispatcher", "hotline.caller", "cases.supervisor")),
)


def load(run: DemoRun) -> None:
    """Give the posts their roles and hand over the year's tickets."""
    run.progress(0, 1, T("热线岗位", "The hotline's posts"))
    desk = _Desk.appointed()
    total = max(20, round(YEARLY * run.size))
    first = run.until - timedelta(days=DAYS)
    towns = [
        town
        for county in identity.regions(parent=CITY, limit=50)
        for town in identity.regions(parent=county.code, limit=60)
        if not town.park
    ]
    run.add_stories(_ticket(run, desk, towns, first, number) for number in range(total))


@dataclass(slots=True)
class _Desk:
    """Who works at the hotline and at the bodies that handle tickets."""

    centre: int
    seats: tuple[identity.Actor, ...]
    dispatchers: tuple[identity.Actor, ...]
    callers: tuple[identity.Actor, ...]
    known: dict[Any, Any] = field(default_factory=dict)

    def actor(self, account_id: int) -> identity.Actor:
        """Return who an account is, asked once a loading."""
        if account_id not in self.known:
            self.known[account_id] = identity.actor_of(account_id)
        found: identity.Actor = self.known[account_id]
        return found

    def offices(self, code: str, county: str) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Return who may handle a class in a county, each with the accounts of its handlers."""
        key = (rules.classes()[code].office, county)
        if key not in self.known:
            likely = [office.id for office in services.likely_offices(code, county)]
            holders = identity.holders(likely)
            self.known[key] = tuple(
                (id, tuple(one.account_id for one in holders[id] if ADMINISTRATOR not in one.post))
                for id in likely
                if holders[id]
            )
        found: tuple[tuple[int, tuple[int, ...]], ...] = self.known[key]
        return found

    @classmethod
    def appointed(cls) -> _Desk:
        """Let the demo accounts hold the hotline's roles; doing it again changes nothing."""
        centre = services.centre()
        rows = []
        for login, title, english, roles in POSTS:
            account = identity.account_named(login)
            if account is not None:
                rows.append(identity.NewHolding(account.id, centre.id, title, roles, "", english))
        named = {row.account_id for row in rows}
        others = [
            holder for holder in identity.holders([centre.id])[centre.id] if holder.account_id not in named
        ]
        for place, holder in enumerate(others):
            role = ("agent", "caller", "agent", "dispatcher")[place % 4]
            rows.append(identity.NewHolding(holder.account_id, centre.id, holder.post, (f"hotline.{role}",)))
        offices = [
            body
            for kind in ("government", "institution", "utility")
            for body in identity.organisations(kind=kind, region=CITY, limit=5000)
            if body.id != centre.id
        ]
        # Who rules when bodies dispute whose a ticket is: the city government's own office, a party to none of them.
        judges = {one.id for one in offices if one.region == CITY and one.name.endswith(GOVERNMENT_OFFICE)}
        for body, holders in identity.holders([office.id for office in offices]).items():
            roles = ("hotline.adjudicator", "cases.archivist") if body in judges else ("hotline.handler",)
            rows += [
                identity.NewHolding(one.account_id, body, one.post, roles, one.region)
                for one in holders
                if ADMINISTRATOR not in one.post
            ]
        identity.ensure_posts(actor=identity.SYSTEM, rows=rows)
        staff: dict[str, list[identity.Actor]] = {}
        for holder in identity.holders([centre.id])[centre.id]:
            actor = identity.actor_of(holder.account_id)
            for post in actor.posts:
                for role in post.roles:
                    staff.setdefault(role, []).append(actor)
        everyone = [actor for many in staff.values() for actor in many]
        pick = {
            role: tuple({actor.id: actor for actor in staff.get(f"hotline.{role}", everyone)}.values())
            for role in ("agent", "dispatcher", "caller")
        }
        return cls(centre.id, pick["agent"], pick["dispatcher"], pick["caller"])


@cache
def _rest(year: int) -> frozenset[date]:
    return frozenset(day.date for day in cases.calendar(year).days if day.kind == "rest")


@cache
def _villages(town: str) -> tuple[str, ...]:
    return tuple(
        v.name.removesuffix("居委会").removesuffix("村委会") for v in identity.regions(parent=town, limit=500)
    ) or ("",)


def _at_work(moment: datetime, random: Random) -> datetime:
    """Return the moment, or the first hour of work after it: officials do not answer at night or on holidays."""
    while True:
        day = moment.date()
        if day.weekday() < 5 and day not in _rest(day.year) and time(8, 30) <= moment.time() <= time(17, 45):
            return moment
        late = moment.time() > time(17, 45) or day.weekday() >= 5 or day in _rest(day.year)
        day = day + timedelta(days=1) if late else day
        moment = datetime.combine(day, time(8, 30), clock.CHINA) + timedelta(minutes=random.randrange(90))


def _begins(random: Random, months: list[int], first: datetime) -> datetime:
    """Return when somebody calls: in the season of the matter, by day more than by night."""
    while True:
        day = first + timedelta(days=random.randrange(DAYS))
        if random.random() * max(months) <= months[day.month - 1] + 0.3:
            break
    hour = random.choices(
        range(24),
        weights=[1, 1, 1, 1, 1, 2, 4, 9, 16, 18, 17, 14, 9, 10, 14, 16, 15, 13, 12, 11, 10, 7, 4, 2],
    )[0]
    return day.replace(hour=hour, minute=random.randrange(60), second=random.randrange(60), microsecond=0)


def _caller(random: Random) -> tuple[str, str]:
    number = random.randrange(CALLERS)
    own = Random(number)
    return own.choice(WORDS["callers"]) + own.choice(WORDS["given"]), f"1990000{number:04d}"


def _ticket(
    run: DemoRun, desk: _Desk, towns: list[identity.RegionView], first: datetime, number: int
) -> tuple[datetime, Callable[[], Story]]:
    random = run.random(f"hotline.{number}")
    codes = list(TEXTS["class"])
    code = random.choices(codes, weights=[TEXTS["class"][c]["weight"] for c in codes])[0]
    begins = _begins(random, TEXTS["seasons"][TEXTS["class"][code]["season"]], first)
    town = random.choice(towns)
    return begins, lambda: _story(run, desk, random, number, code, town)


def _story(
    run: DemoRun, desk: _Desk, random: Random, number: int, code: str, town: identity.RegionView
) -> Story:
    about = TEXTS["class"][code]
    village = random.choice(_villages(town.code))
    name, phone = _caller(random)
    kind = about["kind"]
    channel = random.choices([c for c, _ in CHANNELS], weights=[w for _, w in CHANNELS])[0]
    values = {
        "kind": kind,
        "channel": channel,
        "urgency": "urgent" if random.random() < about.get("urgent", 0.02) else "normal",
        "class": code,
        "text": random.choice(about["texts"]).format(place=village, n=random.randrange(2, 9)),
        "place": f"{town.name}{village}{random.randrange(1, 90)}号",
        "caller_name": name,
        "caller_phone": phone,
        "secret": "true" if kind == "report" and random.random() < 0.5 else "",
    }
    ticket = services.take(
        actor=random.choice(desk.seats),
        region=town.code,
        values=values,
        once=f"demo-{number}",
        applicant=cases.Applicant(name=name, phone=phone),
    )
    for step, (moment, move, actor, details) in enumerate(
        _course(run, desk, random, ticket, code, town, kind), start=2
    ):
        yield moment
        if ticket.version < step:
            cases.move_case(ticket.id, move, actor=actor, **details)


def _course(
    run: DemoRun,
    desk: _Desk,
    random: Random,
    ticket: cases.CaseView,
    code: str,
    town: identity.RegionView,
    kind: str,
) -> list[tuple[datetime, str, identity.Actor, dict[str, Any]]]:
    """Return the moves of a ticket's life with their moments; what lies after the year's end is never made."""
    now = clock.now()
    about = TEXTS["class"][code]
    if kind == "consult" and random.random() < 0.75:
        return [
            (
                now + timedelta(minutes=random.randrange(2, 9)),
                "answer",
                random.choice(desk.seats),
                {"note": random.choice(WORDS["answers"])},
            )
        ]
    course: list[tuple[datetime, str, identity.Actor, dict[str, Any]]] = []
    offices = desk.offices(code, town.parent)
    if not offices:
        return []
    office, handlers = offices[0]

    def then(
        wait: timedelta, move: str, actor: identity.Actor, /, *, work: bool = True, **details: Any
    ) -> None:
        moment = (course[-1][0] if course else now) + wait
        course.append((_at_work(moment, random) if work else moment, move, actor, details))

    def minutes(least: int, most: int) -> timedelta:
        return timedelta(minutes=random.randrange(least, most))

    then(
        minutes(3, 90),
        "dispatch",
        random.choice(desk.dispatchers),
        work=False,
        organisation=office,
        note=random.choice(WORDS["dispatch"]),
    )
    if random.random() < 0.06 and len(offices) > 1:
        then(
            minutes(20, 300),
            "return",
            desk.actor(random.choice(handlers)),
            note=random.choice(WORDS["return_notes"]),
            data={"ground": random.choice(("duty", "area", "unclear")), "duty_basis": "本单位三定方案"},
        )
        office, handlers = random.choice(offices[1:])
        then(minutes(10, 120), "dispatch", random.choice(desk.dispatchers), work=False, organisation=office)
    handler = desk.actor(random.choice(handlers))
    then(minutes(5, 420), "sign", handler)
    if random.random() < 0.012:
        then(
            minutes(600, 4000),
            "hang",
            random.choice(desk.dispatchers),
            note=random.choice(WORDS["hang_notes"]),
        )
        return course
    if random.random() < 0.05 and run.until - now < timedelta(days=40):
        return course  # somebody forgot it: the red lights of the demo city
    if random.random() < 0.05:
        then(
            minutes(300, 1200),
            "extend",
            handler,
            note=random.choice(WORDS["extend_notes"]),
            days=random.choice((3, 5, 10)),
        )
        allowed = random.random() < 0.85
        then(
            minutes(30, 400),
            "allow_extension" if allowed else "deny_extension",
            random.choice(desk.dispatchers),
            note="情况属实，同意延期" if allowed else "请先与诉求人沟通，抓紧办理",
        )
    limit = ticket.due_at - now if ticket.due_at else timedelta(days=5)
    share = random.betavariate(2, 3.2) if random.random() > 0.07 else random.uniform(1.05, 1.9)
    replied = {"contacted": "true"} if random.random() < 0.93 else {}
    then(
        max(limit * share - (course[-1][0] - now), timedelta(minutes=30)),
        "reply",
        handler,
        note=random.choice(about["replies"]),
        data=replied,
    )
    if random.random() < 0.03:
        then(minutes(300, 2000), "redo", random.choice(desk.callers), note=random.choice(WORDS["redo_notes"]))
        then(
            minutes(900, 4000),
            "reply",
            handler,
            note=random.choice(about["replies"]),
            data={"contacted": "true"},
        )
    outcome: dict[str, Any] = {"reached": "no"}
    if random.random() < 0.9:
        happy = random.random()
        outcome = {
            "reached": "yes",
            "solved": "yes" if happy < 0.9 else "no",
            "satisfaction": "1"
            if happy < 0.55
            else "2"
            if happy < 0.82
            else "3"
            if happy < 0.92
            else "4"
            if happy < 0.98
            else "5",
        }
    then(minutes(600, 4300), "close", random.choice(desk.callers), data=outcome)
    return course
