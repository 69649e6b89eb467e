"""A year of the demo city's applications: invented applicants, told as stories through the services.

Everything of an application depends only on the seed and its number, so the same city loads twice identically, and
a loading that was interrupted goes on where it stopped. Form values, supplements, levels of review: `demo_forms.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Any

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.demo import DemoRun, Story
from tongzheng.kernel.core.errors import Conflict
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import demo_forms, items, services
from .demo_forms import SEASON, SEASONS, WEIGHT, WORDS, invented_person
from .page_mine import BAD_TAGS, TAGS
from .views import ItemView

YEARLY = 7_000
DAYS = 365
CITY = items.CITY
OFFICE = "行政审批"
POSTS = {
    "窗口受理岗": ("services.window", "cases.process_worker"),
    "审查岗": ("services.reviewer", "cases.process_worker"),
    "审批决定岗": ("services.decider", "cases.calendar_keeper", "cases.process_worker"),
    "负责人": ("services.decider", "services.steward", "cases.leader", "cases.process_worker"),
    "综合岗": ("services.window", "services.reviewer", "cases.process_worker"),
    "业务岗": ("services.reviewer", "cases.process_worker"),
}
"""What the posts of an approval bureau of the demo city may do; the head decides and never reviews."""

HOURS = [1, 0, 0, 0, 0, 1, 2, 5, 12, 16, 15, 12, 7, 8, 12, 14, 12, 9, 7, 7, 7, 5, 3, 2]
Course = list[tuple[datetime, str, identity.Actor, dict[str, Any]]]


def load(run: DemoRun) -> None:
    """Bring the items into force, let offices handle them, give the posts, and hand over the year's stories."""
    run.progress(0, 1, T("事项与审批岗位", "Items and the posts of approval"))
    first = run.until - timedelta(days=DAYS)
    items.load_items(items.read_items(), actor=identity.SYSTEM)
    hall = _Hall.opened()
    total = max(24, round(YEARLY * run.size))
    run.add_stories(_application(run, hall, first, number) for number in range(total))


@dataclass(slots=True)
class _Hall:
    """The offices, who works there, who applies, and the items as they are in force."""

    offices: dict[str, int]
    staff: dict[tuple[int, str], tuple[int, ...]]
    items: tuple[ItemView, ...]
    citizens: tuple[int, ...]
    agents: tuple[int, ...]
    files: demo_forms.Files
    towns: dict[str, tuple[identity.RegionView, ...]]
    known: dict[int, identity.Actor] = field(default_factory=dict)

    def actor(self, account_id: int) -> identity.Actor:
        """Return who an account is, asked once a loading."""
        if account_id not in self.known:
            self.known[account_id] = identity.actor_of(account_id)
        return self.known[account_id]

    def one(self, random: Random, office: int, role: str, *, apart: int | None = None) -> identity.Actor:
        """Return somebody of an office with a role, another person than `apart` where there is one."""
        held = self.staff[(office, role)]
        others = [id for id in held if id != apart]
        return self.actor(random.choice(others or held))

    @classmethod
    def opened(cls) -> _Hall:
        """Give the posts of the approval bureaus their roles and have them offer the items; twice is as once."""
        counties = identity.regions(parent=CITY, limit=50)
        offices: dict[str, int] = {}
        for body in identity.organisations(kind="government", region=CITY, words=OFFICE, limit=50):
            offices.setdefault(body.region, body.id)
        held = identity.holders(list(offices.values()))
        rows = [
            identity.NewHolding(one.account_id, office, one.post, POSTS[one.post], one.region)
            for office, many in held.items()
            for one in many
            if one.post in POSTS
        ]
        identity.ensure_posts(actor=identity.SYSTEM, rows=rows)
        staff: dict[tuple[int, str], list[int]] = {}
        for row in rows:
            for role in row.roles:
                staff.setdefault((row.organisation, role.partition(".")[2]), []).append(row.account_id)
        every = items.items()
        items.offer_items(
            [
                (item.key, office, region)
                for item in every
                for region, office in offices.items()
                if items.level_of(region) == item.level
            ],
            actor=identity.SYSTEM,
        )
        citizens, agents = _public()
        return cls(
            offices,
            {key: tuple(many) for key, many in staff.items()},
            tuple(item for item in every if item.key in WEIGHT),
            citizens,
            agents,
            demo_forms.Files.drawn(every),
            {
                county.code: tuple(t for t in identity.regions(parent=county.code, limit=100) if not t.park)
                for county in counties
            },
        )


def _public() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the accounts of citizens, and of those who act for an enterprise."""
    found: list[identity.AccountView] = []
    for word in ("gongmin.", "qiye."):
        after = 0
        while page := identity.accounts(words=word, after=after, limit=200):
            found += page
            after = page[-1].id
    agents = tuple(account.id for account in found if account.posts)
    return tuple(account.id for account in found), agents


@cache
def _rest(year: int) -> frozenset[date]:
    return frozenset(day.date for day in cases.calendar(year).days if day.kind == "rest")


def _idle(day: date) -> bool:
    return day.weekday() >= 5 or day in _rest(day.year)


def _at_work(moment: datetime, random: Random) -> datetime:
    """Return the moment, or the first hour of work after it."""
    while not (time(8, 30) <= moment.time() <= time(17, 40)) or _idle(moment.date()):
        later = moment.time() > time(17, 40) or _idle(moment.date())
        day = moment.date() + timedelta(days=1) if later else moment.date()
        moment = datetime.combine(day, time(8, 30), clock.CHINA) + timedelta(seconds=random.randrange(5400))
    return moment


def _begins(random: Random, key: str, first: datetime, *, window: bool) -> datetime:
    """Return when somebody applies: in the item's season, rarely on days of rest; at a counter when it is open."""
    months = SEASON[SEASONS.get(key, "even")]
    while True:
        day = first + timedelta(days=random.randrange(DAYS))
        weight = months[day.month - 1] / max(months) * (0.2 if _idle(day.date()) else 1)
        if random.random() < weight:
            break
    if window:
        hour = random.choices(range(9, 18), weights=[14, 16, 12, 2, 1, 8, 12, 9, 4])[0]
    else:
        hour = random.choices(range(24), weights=HOURS)[0]
    moment = day.astimezone(clock.CHINA).replace(
        hour=hour, minute=random.randrange(60), second=random.randrange(60), microsecond=0
    )
    return max(_at_work(moment, random) if window else moment, first)


def _application(
    run: DemoRun, hall: _Hall, first: datetime, number: int
) -> tuple[datetime, Callable[[], Story]]:
    random = run.random(f"services.{number}")
    item = random.choices(hall.items, weights=[WEIGHT[one.key] for one in hall.items])[0]
    window = random.random() < 0.35
    begins = _begins(random, item.key, first, window=window)
    return begins, lambda: _story(run, hall, random, number, item, window)


def _story(run: DemoRun, hall: _Hall, random: Random, number: int, item: ItemView, window: bool) -> Story:
    regions = [r for r in hall.offices if items.level_of(r) == item.level]
    region = random.choice(regions)
    office = hall.offices[region]
    for_body = "1" not in item.elements.objects
    person = invented_person(random)
    if window:
        actor = hall.one(random, office, "window")
        body = None
        if for_body:
            body = random.choice(hall.actor(random.choice(hall.agents)).posts).organisation_id
        applicant = cases.Applicant(
            organisation_id=body, name=person.name, phone=person.phone, id_number=person.id_number
        )
    else:
        actor = hall.actor(random.choice(hall.agents if for_body else hall.citizens))
        body = random.choice(actor.posts).organisation_id if for_body else None
        person = invented_person(random, family=actor.label[:1])
        applicant = cases.Applicant(organisation_id=body, name=person.name, phone=person.phone)
    town = random.choice(
        hall.towns[region] if region in hall.towns else hall.towns[random.choice([*hall.towns])]
    )
    case = services.submit(
        item.key,
        actor=actor,
        region=region,
        values=demo_forms.values(item, random, person, town, clock.today()),
        files=hall.files.of(item),
        once=f"demo-{number}",
        applicant=applicant,
    )
    course = (_instant if item.instant else _promised)(hall, random, item, office, actor, own=not window)
    for step, (moment, move, mover, details) in enumerate(course, start=2):
        yield moment
        if case.version < step:
            cases.move_case(case.id, move, actor=mover, **details)
    if course and course[-1][1] == "deliver":
        yield from _reviewed(hall, random, case, office, None if window else actor, course[-1][0])


def _instant(
    hall: _Hall, random: Random, item: ItemView, office: int, applicant: identity.Actor, *, own: bool
) -> Course:
    course: Course = []
    then = _then(course, random)
    clerk = hall.one(random, office, "window")
    if own and random.random() < 0.03:
        then(
            _hours(random, 0.5, 30), "withdraw", applicant, work=False, note=random.choice(WORDS["withdraw"])
        )
        return course
    if own and random.random() < 0.05:
        then(_hours(random, 0.3, 6), "supplement", clerk, note=random.choice(WORDS["supplement"]))
        then(_hours(random, 3, 60), "resubmit", applicant, work=False, note=random.choice(WORDS["resubmit"]))
    then(_hours(random, 0.1, 4 if own else 0.6), "grant", clerk)
    then(_hours(random, 0.05, 2), "deliver", clerk, data={"way": "electronic" if own else "window"})
    return course


def _promised(
    hall: _Hall, random: Random, item: ItemView, office: int, applicant: identity.Actor, *, own: bool
) -> Course:
    course: Course = []
    then = _then(course, random)
    clerk = hall.one(random, office, "window")
    fate, leaves = random.random(), random.randrange(4) if own and random.random() < 0.055 else 9

    def left(stage: int) -> bool:
        if leaves != stage:
            return False
        then(_hours(random, 1, 40), "withdraw", applicant, work=False, note=random.choice(WORDS["withdraw"]))
        return True

    if left(0):
        return course
    if fate < 0.01:
        then(_hours(random, 1, 30), "refuse", clerk, note=random.choice(WORDS["refuse"]))
        return course
    if own and random.random() < 0.12:
        then(_hours(random, 1, 20), "supplement", clerk, note=random.choice(WORDS["supplement"]))
        if left(1):
            return course
        then(_hours(random, 5, 120), "resubmit", applicant, work=False, note=random.choice(WORDS["resubmit"]))
    then(_hours(random, 0.5, 22), "accept", clerk)
    if left(2):
        return course
    share = random.betavariate(2, 3.2) * 0.7 if random.random() > 0.01 else random.uniform(1.2, 1.7)
    wait = timedelta(days=max(item.promised, 1) * 1.4 * share)
    reviewer = hall.one(random, office, "reviewer", apart=clerk.id)
    then(wait * 0.2, "review", reviewer)
    if left(3):
        return course
    if random.random() < 0.08:
        procedure = random.choice([code for code, _, _ in item.elements.special] or ["onsite", "expert"])
        then(
            wait * 0.1,
            "special",
            reviewer,
            note=random.choice(WORDS["special"]),
            data={"ground": procedure, "announced": str(random.randrange(3, 15))},
        )
        then(_hours(random, 30, 220), "resume", reviewer, note=random.choice(WORDS["resumed"]))
    denied = random.random() < 0.025
    note = random.choice(WORDS["oppose" if denied else "propose"])
    then(wait * 0.5, "propose", reviewer, note=note, data={"opinion": "deny" if denied else "grant"})
    decider = hall.one(random, office, "decider", apart=reviewer.id)
    if denied:
        then(wait * 0.3, "deny", decider, note=random.choice(WORDS["deny"]))
    else:
        then(wait * 0.3, "grant", decider)
    way = random.choice(("electronic", "electronic", "express")) if own else "window"
    then(_hours(random, 1, 40), "deliver", clerk, data={"way": way})
    return course


def _then(course: Course, random: Random) -> Callable[..., None]:
    begun = clock.now()

    def then(
        wait: timedelta, move: str, actor: identity.Actor, /, *, work: bool = True, **details: Any
    ) -> None:
        moment = (course[-1][0] if course else begun) + max(wait, timedelta(minutes=2))
        course.append((_at_work(moment, random) if work else moment, move, actor, details))

    return then


def _hours(random: Random, least: float, most: float) -> timedelta:
    return timedelta(hours=random.uniform(least, most))


def _reviewed(
    hall: _Hall,
    random: Random,
    case: cases.CaseView,
    office: int,
    applicant: identity.Actor | None,
    closed: datetime,
) -> Story:
    """Six in ten say what they think of it; a bad review is nearly always answered within its limit."""
    if random.random() > 0.6:
        return
    said = closed + _hours(random, 0.2, 90)
    level = random.choices((1, 2, 3, 4, 5), weights=(70, 24, 4, 1.4, 0.6))[0]
    text = random.choice(WORDS["good" if level < 3 else "fair" if level == 3 else "bad"])
    tags = tuple(tag.zh for tag in random.sample(TAGS if level < 4 else BAD_TAGS, random.randrange(3)))
    anonymous = random.random() < 0.2
    answered = random.random() < 0.85
    replied = _at_work(said + _hours(random, 5, 100), random)
    reply = random.choice(WORDS["answer"])
    head = hall.one(random, office, "decider")
    yield said
    with suppress(Conflict):  # said in an earlier loading
        if applicant is not None:
            cases.review(case.id, actor=applicant, level=level, text=text, tags=tags, anonymous=anonymous)
        else:
            cases.review_by_code(case.number, case.query_code, level=level, text=text, tags=tags)
    if level > 3 and answered:
        yield replied
        with suppress(Conflict):
            cases.answer_review(case.id, actor=head, text=reply)
