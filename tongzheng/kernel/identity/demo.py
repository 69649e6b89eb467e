"""The demo city's bodies, staff, persons and enterprises: all invented, from one seed, through the doors.

Loading twice changes nothing. Numbers pass their check digits but belong to nobody: ID numbers start with the
city's own code 141100, which no person is given, and codes of bodies carry serials from 99000000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.codes import id_check, make_uscc
from tongzheng.kernel.core.demo import DemoRun
from tongzheng.kernel.core.text import T

from .accounts import NewAccount, account_named, create_accounts
from .bodies import NewOrganisation, ensure_organisations, organisations
from .demo_names import CITY_BODIES, COUNTY_BODIES, firm_name, person_name
from .people import NewPerson, register_persons
from .places import CITY, COUNTIES, load_regions, regions, spelled
from .posts import NewHolding, ensure_posts
from .views import SYSTEM, RegionView

YEAR = timedelta(days=366)
PERSONS, CITIZENS, FIRMS, AGENTS = 3000, 400, 600, 60


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One of the accounts that the demo city announces. `body` is the short name of where its post is."""

    login: str
    name: str
    title: T
    body: str
    post: T
    roles: tuple[str, ...] = ()


ANNOUNCED: tuple[DemoAccount, ...] = (
    DemoAccount(
        "spj.wang",
        "王秀英",
        T("审批大厅窗口受理", "Approval hall, window clerk"),
        "市行政审批服务管理局",
        T("窗口受理岗", "Window clerk"),
        ("identity.person_clerk",),
    ),
    DemoAccount(
        "spj.li",
        "李建军",
        T("审批局审查员", "Approval bureau, reviewer"),
        "市行政审批服务管理局",
        T("审查岗", "Reviewer"),
    ),
    DemoAccount(
        "spj.zhang",
        "张国平",
        T("审批局首席代表（决定）", "Approval bureau, decision maker"),
        "市行政审批服务管理局",
        T("审批决定岗", "Decision maker"),
    ),
    DemoAccount(
        "rx.chen",
        "陈晓敏",
        T("12345 坐席", "12345 hotline agent"),
        "12345热线服务中心",
        T("话务坐席", "Agent"),
        ("identity.person_clerk",),
    ),
    DemoAccount(
        "rx.liu",
        "刘志强",
        T("12345 派单员", "12345 hotline dispatcher"),
        "12345热线服务中心",
        T("派单岗", "Dispatcher"),
    ),
    DemoAccount(
        "zjj.zhao",
        "赵永红",
        T("市住建局承办人", "Housing bureau handler"),
        "市住建局",
        T("工单承办岗", "Handler"),
    ),
    DemoAccount(
        "gr.guo",
        "郭海龙",
        T("供热公司承办人", "Heating company handler"),
        "供热公司",
        T("工单承办岗", "Handler"),
    ),
    DemoAccount(
        "lishi.cgj.sun",
        "孙丽娟",
        T("离石区城管局承办人", "Lishi District city management handler"),
        "离石区城管局",
        T("工单承办岗", "Handler"),
    ),
    DemoAccount(
        "sjj.bai",
        "白志远",
        T("数据局流程设计", "Data bureau, designer of processes and rules"),
        "市数据局",
        T("流程设计岗", "Designer"),
        ("definitions.designer", "cases.process_drawer"),
    ),
    DemoAccount(
        "sjj.duan",
        "段秀英",
        T("数据局定义审定", "Data bureau, publisher of definitions"),
        "市数据局",
        T("定义审定岗", "Publisher"),
        ("definitions.publisher", "cases.process_publisher"),
    ),
    DemoAccount(
        "admin.system",
        "高文斌",
        T("系统管理员", "System administrator"),
        "市数据局",
        T("系统管理员", "System administrator"),
        ("identity.system_administrator",),
    ),
    DemoAccount(
        "admin.security",
        "何玉梅",
        T("安全管理员", "Security administrator"),
        "市数据局",
        T("安全管理员", "Security administrator"),
        ("identity.security_administrator",),
    ),
    DemoAccount(
        "admin.audit",
        "冯建华",
        T("审计管理员", "Audit administrator"),
        "市审计局",
        T("审计管理员", "Audit administrator"),
        ("identity.audit_administrator",),
    ),
    DemoAccount("gongmin.zhou", "周小兰", T("市民", "Citizen"), "", T("", "")),
    DemoAccount("qiye.wu", "吴向东", T("企业经办人", "Agent of an enterprise"), "", T("经办人", "Agent")),
)
ACCOUNTS: tuple[tuple[str, T], ...] = tuple((one.login, one.title) for one in ANNOUNCED)
_STAFF = (T("负责人", "Head"), T("综合岗", "General desk"), T("业务岗", "Officer"))


def load(run: DemoRun) -> None:
    """Load the demo city's part of identity."""
    steps = T("人员与机构", "People and bodies")
    load_regions()
    run.progress(0, 5, steps)
    bodies = ensure_government(run.size)
    run.progress(1, 5, steps)
    firms = _firms(run)
    run.progress(2, 5, steps)
    persons = _persons(run)
    run.progress(3, 5, steps)
    _staff(run, bodies)
    run.progress(4, 5, steps)
    _public(run, persons, firms)
    run.progress(5, 5, steps)


def ensure_government(size: float = 1.0) -> dict[str, int]:
    """Enter the government bodies of the city and return their ids by short name.

    City departments, county governments and departments, township governments, village committees; `size` under
    1 enters only that part of the villages.
    """
    serial = iter(range(99_000_000, 99_900_000))

    def code(head: str, region: str) -> str:
        return make_uscc(head, region[:6], str(next(serial)))

    heads = {"government": "11", "institution": "12", "utility": "91"}
    (city,) = ensure_organisations(
        actor=SYSTEM,
        rows=[
            NewOrganisation(
                "吕梁市人民政府",
                "government",
                code("11", CITY[0]),
                CITY[0],
                None,
                "市政府",
                "Lüliang City Government",
            )
        ],
    )
    rows = [
        NewOrganisation(
            f"吕梁市{name}", kind, code(heads[kind], CITY[0]), CITY[0], city, short, f"Lüliang {english}"
        )
        for _, name, short, english, kind in CITY_BODIES
    ] + [
        NewOrganisation(
            f"{name}人民政府",
            "government",
            code("11", region),
            region,
            city,
            f"{name}政府",
            f"{latin} Government",
        )
        for region, name, latin in COUNTIES
    ]
    ids = ensure_organisations(actor=SYSTEM, rows=rows)
    found = {"市政府": city, **{row.short: id for row, id in zip(rows, ids, strict=True)}}
    county = {region: found[f"{name}政府"] for region, name, _ in COUNTIES}

    rows = [
        NewOrganisation(
            f"{place}{name}",
            "government",
            code("11", region),
            region,
            county[region],
            f"{place}{short}",
            f"{latin} {english}",
        )
        for region, place, latin in COUNTIES
        for _, name, short, english in COUNTY_BODIES
    ]
    found |= zip((row.short for row in rows), ensure_organisations(actor=SYSTEM, rows=rows), strict=True)

    towns = [t for region, _, _ in COUNTIES for t in regions(parent=region, limit=100) if not t.park]
    names = {region: name for region, name, _ in COUNTIES}
    rows = [
        NewOrganisation(
            f"{names[town.parent]}{town.name}" + ("办事处" if town.name.endswith("街道") else "人民政府"),
            "township",
            code("11", town.code),
            town.code,
            county[town.parent],
            f"{town.name}{'办事处' if town.name.endswith('街道') else '政府'}",
            f"{town.latin} {'Office' if town.name.endswith('街道') else 'Government'}",
        )
        for town in towns
    ]
    seats = dict(
        zip((town.code for town in towns), ensure_organisations(actor=SYSTEM, rows=rows), strict=True)
    )
    villages = [v for town in _towns() for v in regions(parent=town.code, limit=500)]
    ensure_organisations(
        actor=SYSTEM,
        rows=[
            NewOrganisation(
                village.name,
                "village",
                code("54", village.code),
                village.code,
                seats.get(village.parent, county[village.parent[:6]]),
                "",
                f"{village.latin} Committee",
            )
            for village in villages[: max(1, round(len(villages) * min(size, 1)))]
        ],
    )
    return found


def demo_post(
    role_ids: Sequence[str],
    organisation: int,
    region: str,
    title: str,
    account: int | str,
    *,
    english: str = "",
) -> int:
    """Let a demo account hold a post with these roles (added to what the post has) and return the post's id.

    Args: account, its id or user name; region, "" the organisation's own. Called twice it changes nothing.
    """
    if isinstance(account, str):
        view = account_named(account)
        if view is None:
            raise KeyError(f"no demo account is called {account}")
        account = view.id
    holding = NewHolding(account, organisation, title, tuple(role_ids), region, english)
    return ensure_posts(actor=SYSTEM, rows=[holding])[0]


@lru_cache(maxsize=1)
def _towns() -> tuple[RegionView, ...]:
    return tuple(town for region, _, _ in COUNTIES for town in regions(parent=region, limit=100))


def _firms(run: DemoRun) -> list[int]:
    random = run.random("identity.firms")
    rows: dict[str, NewOrganisation] = {}
    number = 0
    while len(rows) < max(5, round(FIRMS * run.size)):
        region, place, _ = random.choice(COUNTIES)
        name = firm_name(random, place.rstrip("区县市") if len(place) > 2 else place)
        town = random.choice([t for t in _towns() if t.parent == region])
        if name not in rows:
            rows[name] = NewOrganisation(
                name, "enterprise", make_uscc("91", region, str(99_900_000 + number)), town.code
            )
            number += 1
    return list(ensure_organisations(actor=SYSTEM, rows=list(rows.values())))


def _persons(run: DemoRun) -> list[int]:
    random = run.random("identity.persons")
    villages = regions(level="village", limit=500)
    rows = []
    for number in range(max(20, round(PERSONS * run.size))):
        born = date(1942, 1, 1) + timedelta(days=random.randrange(66 * 365))
        male = random.random() < 0.5
        sequence = (number % 490) * 2 + (1 if male else 0)
        first = f"{CITY[0]}{born:%Y%m%d}{sequence:03d}"
        home = random.choice(villages)
        name = person_name(random, male=male)
        if number < 2:
            name, male = [a.name for a in ANNOUNCED[-2:]][number], bool(number)
            first = f"{CITY[0]}{born:%Y%m%d}{980 + number:03d}"
        rows.append(
            NewPerson(
                name,
                first + id_check(first),
                f"1980000{number:04d}",
                f"{home.name.removesuffix('居委会').removesuffix('村委会')}{random.randrange(1, 180)}号",
                home.code,
            )
        )
    return list(register_persons(actor=SYSTEM, rows=rows))


def _staff(run: DemoRun, bodies: dict[str, int]) -> None:
    random = run.random("identity.staff")
    accounts: list[NewAccount] = []
    places: list[tuple[int, T, tuple[str, ...]]] = []
    taken = {a.login for a in ANNOUNCED}

    def appoint(stem: str, body: int, posts: Sequence[T]) -> None:
        for post in posts:
            name = person_name(random, male=random.random() < 0.6)
            login = f"{stem}.{spelled(name[0])[0]}"
            number = 2
            while login in taken:
                login, number = f"{login.rstrip('0123456789')}{number}", number + 1
            taken.add(login)
            accounts.append(NewAccount(login, name))
            places.append((body, post, ()))

    for one in ANNOUNCED:
        if one.body:
            accounts.append(NewAccount(one.login, one.name))
            places.append((bodies[one.body], one.post, one.roles))
    for code, _, short, _, _ in CITY_BODIES:
        appoint(code, bodies[short], _STAFF)
    for _, place, _ in COUNTIES:
        stem = spelled(place.rstrip("区县市") if len(place) > 2 else place[0])[0]
        for code, _, short, _ in COUNTY_BODIES:
            appoint(f"{stem}.{code}", bodies[f"{place}{short}"], _STAFF[:2])
    for seat in organisations(kind="township", limit=1000):
        appoint(f"xz{seat.region[4:]}", seat.id, _STAFF[:1])
    ids = create_accounts(actor=SYSTEM, rows=accounts, password=run.password, must_change=False, keep=True)
    with clock.at(run.until - YEAR):
        ensure_posts(
            actor=SYSTEM,
            rows=[
                NewHolding(id, body, post.zh, roles, "", post.en)
                for id, (body, post, roles) in zip(ids, places, strict=True)
            ],
        )


def _public(run: DemoRun, persons: list[int], firms: list[int]) -> None:
    citizens = min(len(persons), max(10, round(CITIZENS * run.size)))
    names = [ANNOUNCED[-2].login, ANNOUNCED[-1].login]
    names += [f"gongmin.{number:04d}" for number in range(2, citizens)]
    ids = create_accounts(
        actor=SYSTEM,
        rows=[NewAccount(name, "", "citizen", person) for name, person in zip(names, persons, strict=False)],
        password=run.password,
        must_change=False,
        keep=True,
    )
    agents = max(2, round(AGENTS * run.size))
    with clock.at(run.until - YEAR):
        ensure_posts(
            actor=SYSTEM,
            rows=[
                NewHolding(id, firm, ANNOUNCED[-1].post.zh, (), "", ANNOUNCED[-1].post.en)
                for id, firm in zip(ids[1 : 1 + agents], firms, strict=False)
            ],
        )
