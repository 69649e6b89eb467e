"""Every address of the house, found by walking the resolver: who may come in, what changes nothing, what never breaks.

A new page is under these rules from its first line; one that is open to everyone is listed here with its reason.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scene import Route, Scene, routes, tried
from tongzheng.kernel.ledger import api as ledger

ROOT = Path(__file__).parents[1]
OPEN = {
    "home": "the portal",
    "healthz": "load balancers ask it",
    "language": "a switch of taste, a cookie",
    "appearance": "a switch of taste, a cookie",
    "pieces": "the living page of the look holds no data",
    "pieces_options": "its combobox: names of icons",
    "pieces_points": "its map: three invented points",
    "static_file": "stylesheets and scripts",
    "identity:sign_in": "the door",
    "identity:code": "the door's second lock",
    "identity:register": "how a citizen gets an account",
    "identity:sign_out": "leaving is never refused",
    "identity:organisation_choices": "names of bodies are public",
    "identity:region_choices": "the public division codes",
    "cases:regions": "the public division codes",
    "cases:supervision": "how long the stages of a supervision take is public, as the calendar is",
    "cases:calendar": "the working days that limits are counted in are public",
    "cases:verify": "whoever holds a document has the code printed on it",
    "cases:progress": "a number and its query code are asked instead of a session",
    "hotline:report": "anyone may tell the hotline something",
    "hotline:done": "what this browser has just handed in",
    "hotline:towns": "the public division codes",
    "services:catalogue": "what one can apply for is public",
    "services:guide": "guides are public",
    "services:guide_print": "guides are public",
    "api:openapi-json": "the description of the doors, no data",
    "api:form": "the entries of a form, no data",
    "api:index": "lists what the caller may read: nothing for nobody",
    "api:receipts": "an SMS gateway signs what it sends",
}
SIGNED_IN = {
    "mine": "one's own matters",
    "identity:account": "one's own account",
    "identity:reveal": "one's own entries, on record",
    "identity:codes": "one's own one-time codes",
    "identity:password": "one's own password",
    "messages:mine": "one's own messages",
    "messages:read": "one's own messages",
    "cases:inbox": "what waits for one: nothing without a post",
    "cases:search": "finds only what one may read",
    "cases:batch": "one's own work: nothing without a post",
    "identity:stand_ins": "one's own posts and who stands in there",
    "cases:precedents": "rulings on the types that one works on: none without a post",
    "cases:reviews": "those of one's own bodies: none without a post",
    "cases:organisations": "the public register of bodies",
    "registers:save_view": "one's own views of a list that one may read",
    "registers:drop_view": "the same",
    "services:apply": "citizens apply",
    "api:inbox": "what waits for one: nothing without a post",
    "api:counts": "what waits for one: nothing without a post",
    "api:find": "finds only what one may read",
}
WITHOUT_TOKEN = {
    "language": "a switch of taste: the worst a forger could do is change the language",
    "appearance": "the same",
    "api:receipts": "carries a signature instead of a session",
}
TYPED = {
    "note": "已核实，请尽快处理",
    "purpose": "核对办件材料",
    "message": "1",
    "fields": "name",
    "field": "applicant.name",
    "level": "5",
    "kind": "help",
    "text": "楼下路灯不亮",
    "region": "141102",
    "class": "010301",
    "name": "新名称",
    "query": "words=x",
}
GARBAGE = ("no-such", "%00", "9" * 40, "-1", "%C2%B2", "%F0%9F%98%80", "%D9%A1", "a%0Ab", "%25", "x" * 3000)
VALUES = ("\0", "9" * 40, "-1", "²", "'\"<>;--", "\ud800", "x" * 5000)
OTHERS = ("\0", "9" * 40)
UNSAFE = ("post", "put", "patch", "delete")


@pytest.fixture
def scene(world):
    return Scene.built(world)


@pytest.fixture
def broken(caplog):
    """What broke, to be shown with a failure."""
    caplog.set_level(logging.ERROR, logger="tongzheng.faults")

    def said() -> str:
        words = [str(r.exc_info[1]) if r.exc_info else r.getMessage() for r in caplog.records]
        caplog.clear()
        return " / ".join(words)[-600:]

    return said


def entries(word: str) -> list[str]:
    """Return every name that a page asks of its query ("GET") or form ("POST"), found in the source."""
    asks = re.compile(
        rf'(?:{word}|asked|_asked\(request,|_key\(request,|_number\(request,)[^"\n]{{0,12}}"([\w.]+)"'
    )
    found = {
        n
        for path in (ROOT / "tongzheng").rglob("*.py")
        if "/tests/" not in str(path)
        for n in asks.findall(path.read_text())
    }
    return sorted(
        {
            *found,
            "words",
            "type",
            "state",
            "region",
            "subject",
            "after",
            "light",
            "view",
            "sort",
            "q",
            "f.kind",
        }
    )


def listed(wrong: list[tuple[object, ...]]) -> str:
    return "\n" + "\n".join(" ".join(str(part) for part in one) for one in wrong)


def quiet(route: Route) -> bool:
    """Whether the resolver's entry is no page of ours."""
    return route.name in ("api:api-root",)


def test_the_lists_of_open_pages_name_only_pages_that_exist():
    names = {route.name for route in routes()}
    assert {*OPEN, *SIGNED_IN, *WITHOUT_TOKEN} - names == set()
    assert not OPEN.keys() & SIGNED_IN.keys()


def test_whatever_opens_to_somebody_asks_the_anonymous_to_sign_in(scene, broken):
    nobody = scene.browser()
    keys = ("everything", "system", "security", "audit", "citizen")
    keyed = [scene.browser(who) for who in keys]
    wrong, opened = [], set()
    for route in routes():
        path = scene.path(route)
        status = tried(nobody, "get", path).status_code
        seen = [tried(one, "get", path).status_code for one in keyed]
        if 200 in seen:
            opened.add(route.name)
        if max(status, *seen) >= 500:
            wrong.append((route.pattern, status, seen, broken()))
        elif route.name in OPEN or quiet(route):
            continue
        elif status != 401 and not (status in (403, 404, 405) and 200 not in seen):
            wrong.append((route.pattern, "nobody", status, seen))
    assert not wrong, listed(wrong)
    # The scene is rich enough to prove something: most pages do open to those they are for.
    assert len(opened) > 65, sorted(opened)


def test_staff_pages_refuse_citizens_and_clerks_without_a_post(scene):
    wrong = []
    for who in ("other", "staff"):
        browser = scene.browser(who)
        for route in routes():
            if route.name in OPEN or route.name in SIGNED_IN or quiet(route):
                continue
            if who == "staff" and re.match(
                r"hub:system|registers:|api:(rows|one|history)|identity:who_may", route.name
            ):
                continue  # declared as open to all staff
            for method in ("get", "post"):
                status = tried(
                    browser, method, scene.path(route), TYPED if method == "post" else None
                ).status_code
                if status not in (401, 403, 404, 405) and not (
                    route.name.startswith("api:") and status in (400, 422)
                ):
                    wrong.append((who, method, route.pattern, status))
    assert not wrong, listed(wrong)


def contents() -> dict[str, str]:
    """Return a digest of every table, but for browsers' sessions and counted attempts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            " AND table_type = 'BASE TABLE' AND table_name NOT IN ('django_session', 'identity_throttle')"
        )
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(
                f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM \"{table}\" t"
            )
            found[table] = cursor.fetchone()
    return found


@pytest.mark.parametrize("who", ["", "other", "staff"])
def test_unsafe_requests_of_who_may_not_change_nothing(scene, who):
    browser = scene.browser(who)
    before = contents()
    wrong = []
    for route in routes():
        if route.name in OPEN or (who and route.name in SIGNED_IN) or quiet(route):
            continue
        for method in UNSAFE:
            status = getattr(browser, method)(
                scene.path(route),
                TYPED if method == "post" else "{}",
                **({} if method == "post" else {"content_type": "application/json"}),
            ).status_code
            if status >= 500:
                wrong.append((method, route.pattern, status))
    assert not wrong, listed(wrong)
    after = contents()
    changed = {table: after[table] for table in after if after[table] != before[table]}
    assert changed == {}, ledger.entries(limit=3)


def test_every_form_is_refused_without_its_token(scene):
    browsers = {who: scene.browser(who, strict=True) for who in ("everything", "citizen", "")}
    before = contents()
    wrong = []
    for who, browser in browsers.items():
        for route in routes():
            if route.name in WITHOUT_TOKEN or quiet(route):
                continue
            answer = browser.post(scene.path(route), TYPED)
            if answer.status_code not in (403, 405) and not (not who and route.name.startswith("api:")):
                wrong.append((who, route.pattern, answer.status_code))
    assert not wrong, listed(wrong)
    assert contents() == before


def test_the_json_doors_tell_the_anonymous_to_sign_in_as_a_problem(scene):
    nobody = Client()
    wrong = []
    for route in routes():
        if not route.pattern.startswith("api/") or route.name in OPEN or quiet(route):
            continue
        answers = [
            nobody.get(scene.path(route)),
            nobody.post(
                scene.path(route), {"values": {}, "note": "x", "version": 1}, content_type="application/json"
            ),
        ]
        for answer in answers:
            if answer.status_code == 405:
                continue
            problem = answer["Content-Type"].startswith("application/problem+json")
            # A body of the wrong shape is told before anybody is asked who they are.
            expected = (401, 422) if answer is answers[1] else (401,)
            if answer.status_code not in expected or not problem:
                wrong.append((route.pattern, answer.status_code, answer.content[:200]))
    assert not wrong, listed(wrong)


def test_unknown_and_garbled_places_are_not_found_and_never_break(scene, broken):
    wrong = []
    for who in ("everything", "system", "citizen", ""):
        browser = scene.browser(who)
        for route in (route for route in routes() if route.places and route.name != "static_file"):
            for place in route.places:
                real = {**scene.real[""], **scene.real.get(route.name, {})}
                for value in GARBAGE:
                    path = route.path({**real, place: value})
                    for method in ("get", "post"):
                        status = tried(browser, method, path, TYPED if method == "post" else None).status_code
                        if status >= 500 or (
                            status == 200 and who != "everything" and route.name != "cases:people"
                        ):
                            wrong.append((who, method, path[:80], status, broken()))
                    if who != "everything":
                        break
    assert not wrong, listed(wrong)


def test_garbage_in_a_query_never_breaks_a_page(scene, broken):
    names = entries("GET")
    assert len(names) > 15, names
    wrong = []
    for who in ("everything", "security", "system", "audit", "citizen", ""):
        browser = scene.browser(who)
        for route in routes():
            for value in VALUES if who == "everything" else OTHERS:
                value = value.encode(errors="surrogatepass") if "\ud800" in value else value
                status = tried(browser, "get", scene.path(route), dict.fromkeys(names, value)).status_code
                if status >= 500:
                    wrong.append((who, route.pattern, value[:12], status, broken()))
    assert not wrong, listed(wrong)


def test_garbage_in_a_form_never_breaks_a_page(scene, broken):
    names = entries("POST")
    wrong = []
    for who in ("everything", "security", "system", "citizen", ""):
        browser = scene.browser(who)
        for route in routes():
            for value in VALUES if who == "everything" else OTHERS:
                value = value.encode(errors="surrogatepass") if "\ud800" in value else value
                status = tried(browser, "post", scene.path(route), dict.fromkeys(names, value)).status_code
                if status >= 500:
                    wrong.append((who, route.pattern, value[:12], status, broken()))
    assert not wrong, listed(wrong)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_query_that_anyone_thinks_of_breaks_a_page(scene, broken, data):
    browser = scene.__dict__.setdefault("browser_kept", scene.browser("everything"))
    route = data.draw(st.sampled_from([r for r in routes() if r.name != "static_file"]))
    query = data.draw(
        st.dictionaries(
            st.sampled_from(entries("GET")),
            st.one_of(
                st.text(max_size=60),
                st.integers().map(str),
                st.sampled_from([v for v in VALUES if "\ud800" not in v]),
            ),
            max_size=5,
        )
    )
    query = {name: value.encode(errors="surrogatepass") for name, value in query.items()}
    assert tried(browser, "get", scene.path(route), query).status_code < 500, broken()


@pytest.mark.parametrize("name", ["language", "theme", "size", "sessionid", "csrftoken", "keeping", "kept"])
def test_garbled_cookies_are_as_good_as_none(db, name):
    for value in ("\x01", "x" * 4000, "'; DROP TABLE x; --", "9" * 30, "%00", "é"):
        # As the line carries it: Python's own cookie jar refuses some of these.
        client = Client(headers={"cookie": f"{name}={value}"})
        assert client.get("/").status_code == 200, value
        assert client.post("/language", {"language": value, "next": value}).status_code == 302, value
