"""Nothing acknowledged is lost: database and web server are killed with SIGKILL while citizens hand in matters.

TONGZHENG_CRASH_ROUNDS=20 makes it a longer drill; the usual is one round of three kills.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tests.live.city import City, until
from tests.live.visitor import Answer, Visitor
from tests.scene import png

pytestmark = pytest.mark.live

ROUNDS = int(os.environ.get("TONGZHENG_CRASH_ROUNDS", "1"))
KILLS = (("postgres",), ("web",), ("postgres", "web"))
CITIZENS, APPLICANTS = 4, 2
APPLY = "/services/items/food-business/apply/"
APPLICATION = {
    "applicant_name": "李桂英",
    "applicant_id": "11010519491231002X",
    "phone": "13800000001",
    "uscc": "11100000000013338W",
    "food_business": "hot",
    "address": "滨河北路 8 号",
    "premises_area": "60",
    "region": "141102",
    "for": "",
}
LOAD_SECONDS = 2.0
PASSWORD = "Fen-River-2026-bridge"
FOUND_THE_HOUSE = f"""
from tongzheng.kernel.core import codes
from tongzheng.kernel.identity import api as identity
from tongzheng.systems.decision.services import items

def office(name, serial):
    return identity.ensure_organisation(
        actor=identity.SYSTEM, name=name, short=name, kind="institution", region="141100",
        uscc=codes.make_uscc("12", "141100", serial),
    )

bureau = identity.ensure_organisation(
    actor=identity.SYSTEM, name="离石区行政审批服务管理局", short="审批局", kind="government", region="141102",
    uscc=codes.make_uscc("11", "141100", "00000002"),
)
items.load_items(items.read_items(), actor=identity.SYSTEM)
items.offer_item("food-business", actor=identity.SYSTEM, organisation=bureau.id, region="141102")
number = "14110019850101001"
person = identity.register_person(
    actor=identity.SYSTEM, name="李桂英", id_number=number + codes.id_check(number), region="141102001"
)
identity.create_account(
    actor=identity.SYSTEM, username="citizen", password="{PASSWORD}", kind="citizen", person_id=person.id
)
centre = office("吕梁市12345热线中心", "00000001")
seat = identity.create_account(
    actor=identity.SYSTEM, username="seat", password="{PASSWORD}", label="陈坐席", kind="staff"
)
identity.ensure_post(
    actor=identity.SYSTEM, account_id=seat.id, organisation=centre.id, title="坐席", roles=("hotline.agent",)
)
"""


@dataclass
class Matter:
    """One thing that somebody hands in: what makes it unique, and what the city has acknowledged."""

    text: str
    phone: str
    once: str = ""
    number: str = ""
    accepted: bool = False
    digest: str = ""
    tries: int = 0


@dataclass
class Log:
    """What all clients saw."""

    matters: list[Matter] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def saw(self, act: str, answer: Answer) -> None:
        self.statuses[f"{act} {answer.status or 'cut'}"] += 1
        if answer.status == 503:
            designed = "retry-after" in answer.headers and 'class="fault' in answer.text
            if not designed:
                self.odd.append(f"{act}: 503 without its page: {answer.text[:300]}")
        elif answer.status not in (0, 200, 302, 303):
            words = re.sub(r"<[^>]+>|\s+", " ", answer.text)
            self.odd.append(f"{act}: {answer.status} {words[:300]}")


class Drill:
    """Citizens who hand in one matter after another, each until it is acknowledged."""

    def __init__(self, city: City) -> None:
        self.city, self.log = city, Log()
        self.stop, self.lock = threading.Event(), threading.Lock()
        self.threads = [threading.Thread(target=self.citizen, args=(n,)) for n in range(CITIZENS)]
        self.threads += [threading.Thread(target=self.applicant, args=(n,)) for n in range(APPLICANTS)]

    def insist(self, act: str, ask: Callable[[], Answer], good: tuple[int, ...]) -> Answer:
        """Ask until the answer is a good one; a page that tells to wait is obeyed, only quicker."""
        began, end = time.monotonic(), time.monotonic() + 120
        while True:
            answer = ask()
            with self.lock:
                self.log.saw(act, answer)
            if answer.status in good:
                self.log.waits.append(time.monotonic() - began)
                return answer
            assert time.monotonic() < end, f"{act}: still {answer.status} after two minutes"
            time.sleep(0.2 + random.random() * 0.3)

    def citizen(self, place: int) -> None:
        n = 0
        while not self.stop.is_set():
            n += 1
            home = f"10.{place}.{n // 250}.{n % 250}"  # the form takes thirty matters of one address in ten minutes
            browser = Visitor(self.city.address, patience=15, home=home)
            matter = Matter(f"{place}-{n}-{secrets.token_hex(6)} 路灯不亮", f"139{place:02d}{n:06d}")
            self.log.matters.append(matter)
            page = self.insist("form", lambda at=browser: at.get("/hotline/"), (200,))
            matter.once = page.hidden("once")
            self.hand_in(browser, matter)

    def hand_in(self, browser: Visitor, matter: Matter) -> None:
        entries = {
            "kind": "help",
            "text": matter.text,
            "region": "141102",
            "class_other": "010301",
            "caller_name": "李桂英",
            "caller_phone": matter.phone,
            "once": matter.once,
        }

        def send() -> Answer:
            matter.tries += 1
            return browser.post("/hotline/", entries)

        self.insist("hand in", send, (302,))
        matter.accepted = True
        done = self.insist("number", lambda: browser.get("/hotline/done/"), (200,))
        matter.number = re.search(r"RX\d{15}", done.text)[0]

    def signed_in(self, name: str) -> Visitor:
        browser = Visitor(self.city.address, patience=15)
        self.insist("sign in", lambda: browser.get("/account/sign-in/"), (200,))
        entries = {"username": name, "password": PASSWORD}
        self.insist("sign in", lambda: browser.post("/account/sign-in/", entries), (302, 303))
        return browser

    def applicant(self, place: int) -> None:
        """A citizen who applies, with a drawing, again and again."""
        browser = self.signed_in("citizen")
        n = 0
        while not self.stop.is_set():
            n += 1
            matter = Matter(f"面馆{place}-{n}-{secrets.token_hex(6)}", "")
            self.log.matters.append(matter)
            page = self.insist("form", lambda: browser.get(f"{APPLY}?region=141102"), (200,))
            matter.once = page.hidden("once")
            drawing = png() + secrets.token_bytes(3000)
            entries = {**APPLICATION, "trade_name": matter.text, "once": matter.once}

            def send(matter=matter, entries=entries, drawing=drawing) -> Answer:
                matter.tries += 1
                return browser.post(APPLY, entries, {"material_premises_plan": ("plan.png", drawing)})

            answer = self.insist("apply", send, (302,))
            matter.accepted = True
            matter.number = answer.headers["location"].split("/")[3]
            matter.digest = hashlib.sha256(drawing).hexdigest()

    def seat(self) -> None:
        """A seat who adds a photo to every matter that has its number."""
        browser = self.signed_in("seat")
        while not self.stop.is_set():
            for matter in [m for m in list(self.log.matters) if m.number and not m.digest]:
                self.add_photo(browser, matter)
            time.sleep(0.05)

    def add_photo(self, browser: Visitor, matter: Matter) -> None:
        content = f"现场记录 {matter.text} {secrets.token_hex(2000)}\n".encode()
        address = f"/work/cases/{matter.number}/files/"
        self.insist("file", lambda: browser.post(address, {}, {"file": ("site.txt", content)}), (302, 303))
        matter.digest = hashlib.sha256(content).hexdigest()

    def __enter__(self) -> Drill:
        self.threads.append(threading.Thread(target=self.seat))
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(150)

    def wait_for(self, more: int) -> None:
        """Wait until so many more matters have their number: the load runs."""
        target = sum(1 for m in self.log.matters if m.number) + more
        assert until(lambda: sum(1 for m in self.log.matters if m.number) >= target, 60), self.city.log()


@pytest.fixture(scope="module")
def drill():
    with City(TONGZHENG_PROXIES="1") as city:
        made = city.python(FOUND_THE_HOUSE)
        assert made.returncode == 0, made.stderr
        with Drill(city) as found:
            found.kills, found.outages = [], []
            for _ in range(ROUNDS):
                for parts in KILLS:
                    found.wait_for(3)
                    time.sleep(LOAD_SECONDS * random.random())
                    before = {part: city.pid(part) for part in parts}
                    began = time.monotonic()
                    city.kill(*parts)
                    # After many kills in a row the supervisor waits up to half a minute before each restart.
                    back = until(
                        lambda old=before: all(city.pid(p) not in (0, pid) for p, pid in old.items()), 60
                    )
                    assert back, city.log()
                    city.wait_healthy()
                    found.kills.append("+".join(parts))
                    found.outages.append(time.monotonic() - began)
            found.wait_for(3)
        yield found


@pytest.fixture(scope="module")
def rows(drill):
    """The database of the city after the drill."""
    with psycopg.connect((drill.city.folder / "postgres.url").read_text().strip(), autocommit=True) as db:
        yield lambda text, *params: db.execute(text, params).fetchall()


def test_the_database_waits_for_the_disk(drill, rows):
    assert rows("SHOW fsync") == rows("SHOW synchronous_commit") == rows("SHOW full_page_writes") == [("on",)]


def test_every_client_got_a_number_in_the_end_and_never_an_undesigned_answer(drill):
    log = drill.log
    assert log.odd == []
    left = [m for m in log.matters if not m.number]
    assert left == []
    again = sum(1 for m in log.matters if m.tries > 1)
    print(
        f"\n{len(log.matters)} matters, {again} sent more than once, {sum(1 for m in log.matters if m.digest)} files;"
        f" kills {dict(Counter(drill.kills))}, longest outage {max(drill.outages):.1f} s,"
        f" longest wait of a client {max(log.waits):.1f} s; answers {dict(sorted(log.statuses.items()))}"
    )


def test_every_acknowledged_case_is_there_once(drill, rows):
    found = rows("SELECT COALESCE(facts->>'text', facts->>'trade_name'), number, key FROM cases_case")
    assert len({text for text, _, _ in found}) == len(found), "one form made two cases"
    assert {text: number for text, number, _ in found} == {m.text: m.number for m in drill.log.matters}
    assert all(key.endswith(f"/{m.once}") for m in drill.log.matters for t, _, key in found if t == m.text)


def test_every_case_has_its_ledger_entry_task_event_and_message_once(drill, rows):
    numbers = {m.number for m in drill.log.matters}
    opened = rows("SELECT subject FROM ledger_entry WHERE act = 'cases.open'")
    assert sorted(subject for (subject,) in opened) == sorted(f"case:{n}" for n in numbers)
    for part in (
        "SELECT c.number FROM cases_case c JOIN cases_task t ON t.case_id = c.id WHERE t.done_at IS NULL",
        "SELECT c.number FROM cases_case c JOIN cases_event e ON e.case_id = c.id WHERE e.kind = 'open'",
        "SELECT case_ref FROM messages_message WHERE template IN ('hotline.taken', 'services.received')",
    ):
        assert sorted(n for (n,) in rows(part)) == sorted(numbers), part
    assert (
        rows(
            "SELECT e.case_id FROM cases_event e LEFT JOIN cases_wording w ON w.id = e.wording_id WHERE w.id IS NULL"
        )
        == []
    )


def test_every_acknowledged_file_is_on_disk_and_on_its_case_and_on_the_ledger(drill, rows):
    kept = {m.digest: m.number for m in drill.log.matters if m.digest}
    assert {number[:2] for number in kept.values()} == {"RX", "SP"}
    on_cases = rows("SELECT f.digest, c.number FROM cases_file f JOIN cases_case c ON c.id = f.case_id")
    assert len(on_cases) == len(set(on_cases))
    assert kept.items() <= dict(on_cases).items()
    entries = rows(
        "SELECT subject, body->'files'->>0 FROM ledger_entry WHERE act IN ('cases.file', 'cases.open')"
    )
    assert {(f"case:{number}", digest) for digest, number in kept.items()} <= set(entries)
    known = {digest for (digest,) in rows("SELECT encode(digest, 'hex') FROM ledger_file")}
    for digest in kept:
        path = drill.city.folder / "files" / digest[:2] / digest[2:4] / digest
        assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == digest
        assert digest in known


def test_the_ledger_holds(drill, rows):
    # The integrator of the restarted worker catches up within a second or two.
    assert until(
        lambda: rows("SELECT (SELECT count(*) FROM ledger_entry) - (SELECT size FROM ledger_tree)") == [(0,)],
        15,
    )
    said = drill.city.run("ledger", "verify")
    assert said.returncode == 0, said.stdout + said.stderr
