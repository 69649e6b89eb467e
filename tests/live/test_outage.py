"""The database is gone for a while: people are told to wait, nothing they sent is lost, and it goes on by itself.

TONGZHENG_OUTAGE_SECONDS=60 makes it a whole minute; the usual is shorter.
"""

from __future__ import annotations

import os
import time

import psycopg
import pytest

from tests.live.city import City, until
from tests.live.test_crash import FOUND_THE_HOUSE
from tests.live.visitor import Visitor
from tongzheng.site import postgres

pytestmark = pytest.mark.live

SECONDS = float(os.environ.get("TONGZHENG_OUTAGE_SECONDS", "6"))
MATTER = {"kind": "help", "text": "路灯不亮", "region": "141102", "class_other": "010301"}


def test_a_database_elsewhere_goes_away_and_comes_back():
    with postgres.throwaway() as server, City(DATABASE_URL=server.url) as city:
        assert "postgres" not in city.running()["processes"]
        made = city.python(FOUND_THE_HOUSE)
        assert made.returncode == 0, made.stderr
        browser = Visitor(city.address)
        entries = {**MATTER, "once": browser.get("/hotline/").hidden("once")}
        web = city.family("web")
        server.stop()
        gone, seen = time.monotonic(), []
        while time.monotonic() - gone < SECONDS:
            began = time.monotonic()
            for answer in (browser.post("/hotline/", entries), browser.get("/"), browser.get("/healthz")):
                seen.append(answer.status)
                if answer.status == 503:
                    assert answer.headers["retry-after"]
            assert time.monotonic() - began < 30
            time.sleep(0.3)
        assert seen[0] == 503
        assert set(seen) <= {200, 503}, seen
        page = browser.post("/hotline/", entries)
        assert 'class="fault' in page.text
        assert "没有丢失" in page.text
        server.start()
        back = time.monotonic()

        def well() -> bool:
            """Every process of the web server answers again: requests fall on any of them."""
            return all(Visitor(city.address).get("/healthz").status == 200 for _ in range(12))

        assert until(well, 90), city.log()
        waited = time.monotonic() - back
        assert waited < 15, f"the web server found the database again only after {waited:.0f} s"
        assert browser.post("/hotline/", entries).status == 302
        assert browser.get("/hotline/done/").status == 200
        print(f"\ngone for {SECONDS:.0f} s: {len(seen)} answers, all designed; back within {waited:.1f} s")
        with psycopg.connect(server.url) as db:
            assert db.execute("SELECT count(*) FROM cases_case").fetchone() == (1,)
        assert city.family("web") == web, "the web server was restarted for the database's fault"
