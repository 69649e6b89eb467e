"""Whatever a system declares can be shown, in both languages: forms, sheets, messages, documents, registers, pages."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.template import engines
from django.utils import translation

from tests.scene import Scene, routes, tried
from tongzheng.kernel.cases.kinds import CaseType, Field
from tongzheng.kernel.core.faces import PortalEntry, WorkEntry
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.kinds import Action, Role
from tongzheng.kernel.messages import api as messages
from tongzheng.kernel.messages.kinds import Document, Template
from tongzheng.kernel.messages.render import places, render
from tongzheng.kernel.registers.kinds import Register
from tongzheng.systems.decision.services import items

LANGUAGES = ("zh-hans", "en")
CHINESE = re.compile(r"[\u3400-\u9fff]+")
KINDS = [
    "text",
    "long",
    "integer",
    "decimal",
    "money",
    "date",
    "choice",
    "choices",
    "bool",
    "id_number",
    "uscc",
    "phone",
    "email",
    "region",
    "place",
    "organisation",
    "file",
    "files",
]
FORM = "{% load case_forms %}{% case_form fields values errors %}"


class Texts(HTMLParser):
    """What a page says, but for what it marks as the same in every language."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.silent: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        foreign = given.get("translate") == "no" or str(given.get("lang", "")).startswith("zh")
        if tag not in ("input", "br", "meta", "link", "img", "hr", "use", "path", "source", "wbr"):
            self.open.append(tag)
            if foreign or tag in ("script", "style", "code", "template") or self.silent:
                self.silent.append(tag)
        if not foreign and not self.silent:
            self.said += [
                given[name] or ""
                for name in ("placeholder", "title", "aria-label", "alt", "label")
                if name in given
            ]

    def handle_endtag(self, tag):
        # Ends that HTML lets one leave out (li, dt, td, p, option) end with what is around them.
        while self.open and tag in self.open:
            last = self.open.pop()
            if self.silent and self.silent[-1] == last:
                self.silent.pop()
            if last == tag:
                break

    def handle_data(self, data):
        if not self.silent:
            self.said.append(data)


def chinese(page: str, data: frozenset[str] = frozenset()) -> list[str]:
    """Return the Chinese that a page says and that is no part of the data."""
    known = "\n".join(data)
    found = {one for said in Texts(page).said for one in CHINESE.findall(said)}
    return sorted(one for one in found if one not in known)


def test_the_checker_of_pages_itself_finds_what_is_there():
    page = '<html><li>一<li title="二">x<ul><li>三</ul><b translate="no">四</b><a lang="zh">五</a><input placeholder="六">七'
    assert chinese(page) == ["一", "七", "三", "二", "六"]
    assert chinese(page, frozenset({"一七三二六"})) == []


def of(kind: type) -> list[str]:
    return sorted(registry.of(kind))


@pytest.fixture
def scene(world):
    return Scene.built(world)


def form(fields: tuple[Field, ...], language: str) -> str:
    values = {field.name: "x" for field in fields}
    errors = {field.name: T("请填写", "Please fill this in") for field in fields}
    with translation.override(language):
        template = engines["django"].from_string(FORM)
        template.render({"fields": fields, "values": {}, "errors": {}})
        return template.render({"fields": fields, "values": values, "errors": errors})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_entry_is_drawn(db, language):
    fields = tuple(
        Field(kind, T("名称", "Title"), kind, choices=(("a", T("甲", "First")),), help=T("说明", "Help"))
        for kind in KINDS
    )
    page = form(fields, language)
    assert all(f'name="{kind}' in page for kind in KINDS)
    assert language == "zh-hans" or chinese(page) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("id", of(CaseType))
def test_every_form_of_a_case_type_is_drawn(db, id, language):
    kind = registry.of(CaseType)[id]
    for fields in (kind.fields, *(move.fields for move in kind.moves)):
        page = form(fields, language)
        for field in fields:
            assert f'name="{field.name}' in page, field.name
        assert language == "zh-hans" or chinese(page) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_of_every_item_is_drawn(db, language):
    items.load_items(items.read_items(), actor=identity.SYSTEM)
    found = items.items()
    assert len(found) >= 24
    for item in found:
        page = form(item.elements.form, language)
        assert all(f'name="{field.name}' in page for field in item.elements.form), item.key
        assert language == "zh-hans" or chinese(page) == [], item.key


@pytest.mark.parametrize("kind", [CaseType, Action, Role, Register, Document, PortalEntry, WorkEntry])
def test_every_declared_name_is_said_in_english(kind):
    assert [
        id
        for id, one in registry.of(kind).items()
        if CHINESE.search(one.title.en) or not one.title.en.strip()
    ] == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("id", of(Template))
def test_every_message_is_written(id, language):
    template = registry.of(Template)[id]
    asked = {
        place for text in (template.subject, template.body) for place in (*places(text.zh), *places(text.en))
    }
    said = render(template, dict.fromkeys(asked, T("样例", "sample")), lang=language)
    text = f"{said.subject} {said.body}"
    assert not re.search(r"\{\w+\}", text)
    assert ("样例" if language == "zh" else "sample") in text or not asked
    assert language == "zh" or not CHINESE.search(text)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("id", of(Document))
def test_every_document_is_printed(id, language):
    kind = registry.of(Document)[id]
    asked = {p for text in kind.paragraphs for side in (text.zh, text.en) for p in places(side)}
    asked |= {name for name, _ in kind.rows}
    for text in (kind.title, kind.remedy, kind.basis, kind.copies):
        if text is not None:
            asked |= {*places(text.zh), *places(text.en)}
    facts = dict.fromkeys(asked, T("样例", "sample"))
    facts |= {
        "issuer": T("吕梁市行政审批服务管理局", "Lüliang Approval Bureau"),
        "to": T("某单位", "Somebody"),
    }
    facts["date"] = date(2026, 11, 23)
    printed = messages.document(
        id, facts=facts, lang=language, number="吕审〔2026〕1号", seal="吕梁市行政审批服务管理局"
    )
    assert printed.startswith(b"%PDF-")
    assert len(printed) > 5_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_register_has_its_pages(scene, language):
    browser = scene.browser("everything", lang=language)
    for id, register in registry.of(Register).items():
        listed = browser.get(f"/registers/{id}/")
        assert listed.status_code == 200, id
        first = re.search(rf'href="(/registers/{re.escape(id)}/rows/[^"]+/)"', listed.content.decode())
        assert first, id
        pages = [first[1], f"/registers/{id}/template.xlsx"]
        pages += [f"/registers/{id}/export/"] if register.exports else []
        pages += (
            [f"/registers/{id}/new/", f"{first[1]}edit/", f"/registers/{id}/import/"]
            if register.writes
            else []
        )
        for page in pages:
            allowed = (200,) if not page.endswith("export/") else (200, 403)
            assert browser.get(page).status_code in allowed, page
        for column in register.columns:
            assert not CHINESE.search(column.title.en), (id, column.name)


def test_every_way_in_that_is_declared_leads_somewhere(scene):
    browser = scene.browser("everything")
    ways = [one.url for kind in (PortalEntry, WorkEntry) for one in registry.of(kind).values()]
    answers = {url: browser.get(url, follow=True).status_code for url in ways}
    admin = {
        "/account/accounts/",
        "/account/policy/",
        "/account/records/",
        "/account/bodies/",
        "/work/hand-over/",
    }
    assert {url: status for url, status in answers.items() if status != 200 and url not in admin} == {}


def data() -> frozenset[str]:
    """Return the words that people of the scene have entered: names, titles, notes. They are in one language."""
    columns = {
        "identity_organisation": ("name", "short"),
        "identity_account": ("label",),
        "identity_post": ("title",),
        "cases_case": ("title", "organisation_label", "handler_label", "applicant_label", "facts::text"),
        "cases_event": ("note", "actor_label", "organisation_label"),
        "ledger_entry": ("label",),
        "identity_person": ("masked_name",),
    }
    # The city's and the portal's names, people, the sign of a document's number, a specimen, and a cited notice.
    found: set[str] = {
        "吕梁通",
        "通政",
        "李桂英",
        "赵六",
        "吕审",
        "张",
        "国务院办公厅节假日安排通知",
        "店铺字号",
    }
    with connection.cursor() as cursor:
        for table, names in columns.items():
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
            )
            there = {row[0] for row in cursor.fetchall()}
            for name in names:
                if name.partition("::")[0] in there:
                    cursor.execute(f'SELECT DISTINCT {name} FROM "{table}"')
                    found |= {row[0] for row in cursor.fetchall() if row[0]}
    return frozenset(found)


def test_no_page_in_english_says_anything_in_chinese_but_what_people_entered(scene):
    # A message was written in its reader's language of that day, and stays so.
    written = {f"{one.subject} {one.body}" for one in messages.inbox(scene.actors["citizen"])}
    known, left, seen = data() | written, [], set()
    for who in ("everything", "system", "security", "audit", "citizen", ""):
        browser = scene.browser(who, lang="en")
        for route in routes():
            answer = tried(browser, "get", scene.path(route))
            if answer.status_code in (405,) or "text/html" not in answer["Content-Type"] or answer.streaming:
                continue
            seen.add(route.name)
            for one in chinese(answer.content.decode(), known):
                left.append((who, route.pattern, answer.status_code, one))
    assert not left, "\n" + "\n".join(str(one) for one in left)
    assert len(seen) > 70
