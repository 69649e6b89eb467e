import gzip
import re
from dataclasses import replace

import pytest
from django.test import Client, RequestFactory

from tongzheng.kernel.core.faces import MatterPage, PortalEntry, WorkEntry
from tongzheng.kernel.core.registry import Registry, System
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import NOBODY, PostView
from tongzheng.site import faces, shell, statics

A = T("甲", "A")


@pytest.fixture
def declared(monkeypatch):
    registry = Registry()

    def add(*things, slug="street"):
        registry.add(System(slug=slug, chapter="public", plan="P1", title=A, summary=A, declares=things))

    monkeypatch.setattr(shell, "registry", registry)
    monkeypatch.setattr(faces, "registry", registry)
    return add


def seen(path="/", actor=NOBODY):
    request = RequestFactory().get(path)
    request.actor = actor
    return shell.Shell(request)


def clerk(*actions):
    post = PostView(1, "t", 1, "o", "141100", dict.fromkeys(actions, "own"))
    return replace(NOBODY, id=1, label="王", kind="staff", posts=(post,))


@pytest.mark.django_db(databases=[])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("theme", ["auto", "dark", "light"])
@pytest.mark.parametrize("address", ["/", "/pieces/"])
def test_pages_render_in_each_language_and_theme(address, theme, language):
    client = Client()
    client.cookies.load({"language": language, "theme": theme, "size": "large"})
    page = client.get(address)
    text = page.content.decode()
    assert page.status_code == 200
    assert f'data-theme="{theme}" data-size="large"' in text
    assert ("Skip to content" in text) == (language == "en")


@pytest.mark.django_db(databases=[])
def test_english_pages_show_no_chinese():
    client = Client()
    client.cookies["language"] = "en"
    for address in ("/", "/pieces/", "/nowhere/"):
        text = client.get(address).content.decode()
        text = re.sub(r"<code>.*?</code>|<script.*?</script>|中文|张＊", "", text, flags=re.DOTALL)
        assert not re.findall(r"[\u3400-\u9fff]+", text), address


@pytest.mark.django_db(databases=[])
def test_the_switches_remember_and_lead_back_but_not_to_strangers():
    client = Client()
    answer = client.post("/language", {"language": "en", "next": "/pieces/"})
    assert (answer.status_code, answer["Location"], answer.cookies["language"].value) == (
        302,
        "/pieces/",
        "en",
    )
    answer = client.post("/appearance", {"theme": "dark", "size": "large", "next": "https://evil.example/"})
    assert (answer["Location"], answer.cookies["theme"].value, answer.cookies["size"].value) == (
        "/",
        "dark",
        "large",
    )
    answer = client.post("/appearance", {"theme": "<b>", "next": "//evil.example"})
    assert answer["Location"] == "/"
    assert not answer.cookies
    assert client.get("/language").status_code == 405


@pytest.mark.django_db(databases=[])
def test_unknown_tastes_in_cookies_are_ignored():
    client = Client()
    client.cookies.load({"theme": 'x"><script>', "size": "9"})
    assert 'data-theme="auto" data-size="normal"' in client.get("/").content.decode()


@pytest.mark.django_db(databases=[])
def test_what_is_ones_own_needs_a_sign_in_that_leads_back():
    page = Client().get("/mine/")
    assert page.status_code == 401
    assert "/account/sign-in/?next=/mine/" in page.content.decode()


@pytest.mark.django_db
def test_health_asks_the_database(client):
    assert client.get("/healthz").json() == {"status": "ok"}


def test_the_portal_shows_what_systems_declare_in_their_order(declared):
    declared(
        PortalEntry("b", A, "bus", "/b/", 2),
        PortalEntry("a", A, "bus", "/a/", 1),
        PortalEntry("l", A, "bus", "/l/", lane="life"),
    )
    assert [e.url for e in shell.portal_entries("entries")] == ["/a/", "/b/"]
    assert [e.url for e in shell.portal_entries("life")] == ["/l/"]


def test_the_workbench_shows_only_what_the_person_may_do(declared):
    declared(
        WorkEntry("a", A, "/a/", "street.sweep"),
        WorkEntry("b", A, "/b/", "street.close"),
        WorkEntry("c", A, "/c/", ""),
    )
    (section,) = seen(actor=clerk("street.sweep")).nav
    assert [i.url for i in section.items] == ["/a/", "/c/"]


def test_the_longest_fitting_line_is_the_current_one(declared):
    declared(WorkEntry("a", A, "/work/", ""), WorkEntry("b", A, "/work/calendar/", ""))
    (section,) = seen("/work/calendar/2026/", clerk()).nav
    assert [i.current for i in section.items] == [False, True]
    assert [t.current for t in seen("/services/x/").tabs] == [False, True, False, False]


def test_a_citizens_case_leads_to_the_page_that_its_system_declared(declared):
    declared(MatterPage("m", "street.lamp", "/street/{number}/"))
    row = type(
        "Row",
        (),
        {
            "title": "",
            "type_title": A,
            "number": "2026-1",
            "state_title": A,
            "phase": "paused",
            "organisation_label": "o",
            "due_at": None,
            "closed_at": None,
        },
    )
    lamp, other = faces.matters_of(
        (type("L", (row,), {"type_id": "street.lamp"}), type("O", (row,), {"type_id": "x.y"}))
    )
    assert (lamp.href, lamp.tone, other.href) == ("/street/2026-1/", "soon", "")


def test_a_changed_file_is_a_new_address_and_is_kept_forever():
    client = Client()
    url = statics.Versioned(base_url="/static/").url("look.css")
    answer = client.get(url, headers={"accept-encoding": "gzip"})
    assert re.fullmatch(r"/static/look\.css\?v=[0-9a-f]{10}", url)
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert gzip.decompress(answer.content) == client.get("/static/look.css").content
    assert client.get("/static/look.css")["Cache-Control"] == "public, max-age=60"
    assert client.get(url, headers={"if-none-match": answer["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    "name", ["../settings.py", "%2e%2e/settings.py", "nothing.css", "shapes", "a/../../urls.py"]
)
def test_only_static_files_are_static_files(name):
    assert Client().get(f"/static/{name}").status_code == 404


@pytest.mark.django_db(databases=[])
def test_the_portals_first_view_is_small_on_the_wire():
    client = Client(headers={"accept-encoding": "gzip"})
    page = client.get("/")
    html = gzip.decompress(page.content).decode()
    addresses = set(re.findall(r'(?:src|href)="(/static/[^"#]+)', html))
    sizes = {a: len(client.get(a).content) for a in addresses}
    assert len(page.content) + sum(sizes.values()) < 40_000
