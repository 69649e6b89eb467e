"""Drawn processes in the browser: handed in, judged, published by another, applied for, worked on, seen on the diagram."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.dom import minidom

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from tongzheng.kernel.cases.drawn.model import understand
from tongzheng.kernel.cases.drawn.picturing import picture
from tongzheng.kernel.cases.drawn.reading import read

from .build import END, HEAD, el, flows

START = el(
    "startEvent",
    "s",
    '<b:extensionElements><tongzheng:field name="trees" zh="棵数" en="Trees" kind="integer"/></b:extensionElements>',
)
DIAGRAM = (
    '<i:BPMNDiagram xmlns:i="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:c="http://www.omg.org/spec/DD/20100524/DC"'
    ' xmlns:w="http://www.omg.org/spec/DD/20100524/DI"><i:BPMNPlane bpmnElement="P">'
    '<i:BPMNShape bpmnElement="s"><c:Bounds x="100" y="100" width="36" height="36"/></i:BPMNShape>'
    '<i:BPMNShape bpmnElement="a"><c:Bounds x="200" y="80" width="100" height="80"/></i:BPMNShape>'
    '<i:BPMNShape bpmnElement="e"><c:Bounds x="400" y="100" width="36" height="36"/></i:BPMNShape>'
    '<i:BPMNEdge bpmnElement="s_a"><w:waypoint x="136" y="118"/><w:waypoint x="200" y="118"/></i:BPMNEdge>'
    '<i:BPMNEdge bpmnElement="a_e"><w:waypoint x="300" y="118"/><w:waypoint x="400" y="118"/></i:BPMNEdge>'
    "</i:BPMNPlane></i:BPMNDiagram>"
)


def drawing(*parts: str) -> bytes:
    body = "".join(parts)
    return f'{HEAD}<b:process id="P" isExecutable="true">{body}</b:process>{DIAGRAM}</b:definitions>'.encode()


FELLING = drawing(START, el("userTask", "a", name="现场&lt;查看&gt;"), END, flows("s a", "a e"))
TYPED = {
    "key": "felling", "prefix": "FML", "title_zh": "树木砍伐", "title_en": "Felling trees", "basis_zh": "《城市绿化条例》",
    "basis_en": "Urban greening regulation",
}  # fmt: skip


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("felling.bpmn", content, content_type="application/xml")


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    yield
    translation.deactivate()  # what a page was read in is no matter of the next test


@pytest.fixture
def people(world: Any) -> dict[str, Any]:
    office = world.office("离石区行政审批局", region="141102")
    made = {
        name: world.staff(office, f"cases.process_{name}", name=label, region="141102")
        for name, label in (("drawer", "画一"), ("publisher", "发二"), ("worker", "经三"))
    }
    return {**made, "office": office, "citizen": world.citizen(), "world": world}


def test_from_a_drawing_to_a_case_on_its_diagram(people: dict[str, Any]) -> None:
    browser = people["world"].client
    drawer, publisher, worker = (
        browser(people[name], language="en") for name in ("drawer", "publisher", "worker")
    )
    assert drawer.get("/work/processes/").status_code == 200
    answer = drawer.post("/work/processes/new/", {**TYPED, "file": upload(FELLING)})
    assert (answer.status_code, answer["Location"]) == (303, "/work/processes/felling/")
    page = drawer.get("/work/processes/felling/").content.decode()
    assert "Who drew a process cannot publish it" in page
    assert 'data-element="a"' in page
    assert "<查看>" not in page
    assert drawer.post("/work/processes/felling/versions/1/publish/").status_code == 403
    assert publisher.post("/work/processes/felling/versions/1/publish/").status_code == 303
    citizen = browser(people["citizen"])
    form = {
        "matter_title": "院内枯树",
        "matter_region": "141102001",
        "matter_organisation": people["office"],
        "once": "1",
    }
    assert citizen.post("/work/processes/felling/apply/", {**form, "trees": "many"}).status_code == 422
    answer = citizen.post("/work/processes/felling/apply/", {**form, "trees": "3"})
    assert answer.status_code == 303, answer.content.decode()
    sheet = answer["Location"]
    number = sheet.split("/")[-2]
    assert "院内枯树" in worker.get("/work/").content.decode()
    page = worker.get(sheet).content.decode()
    move = re.search(r'/work/cases/[^"]+/moves/[^"]+/', page)
    assert move is not None
    way = worker.get(f"/work/cases/{number}/way/").content.decode()
    assert re.search(r'class="d-userTask passed here" data-element="a"', way)
    got = worker.get(move[0])
    version = re.search(r'name="version" value="(\d+)"', got.content.decode())
    assert version is not None
    done = worker.post(move[0], {"version": version[1], "seen": "1", "move_note": "可以砍伐"})
    assert done.status_code in (302, 303)
    assert "可以砍伐" in worker.get(sheet).content.decode()
    way = worker.get(f"/work/cases/{number}/way/").content.decode()
    assert 'class="d-endEvent passed"' in way
    assert "here" not in re.findall(r'class="(d-[^"]*)"', way)[0]
    assert publisher.post("/work/processes/felling/retire/").status_code == 303
    assert (
        citizen.post("/work/processes/felling/apply/", {**form, "once": "2", "trees": "3"}).status_code == 404
    )


def test_what_is_wrong_with_a_drawing_is_said_and_what_was_typed_stays(people: dict[str, Any]) -> None:
    drawer, publisher = (people["world"].client(people[n], language="en") for n in ("drawer", "publisher"))
    answer = drawer.post("/work/processes/new/", {**TYPED, "file": upload(b"<a>\n<b></a>")})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "line 2, element b: not well-formed XML" in page
    assert 'value="Felling trees"' in page
    bad = drawing(START, el("serviceTask", "a"), END, flows("s a", "a e"))
    assert drawer.post("/work/processes/new/", {**TYPED, "file": upload(bad)}).status_code == 303
    assert "it does not say which service to call" in drawer.get("/work/processes/felling/").content.decode()
    assert publisher.post("/work/processes/felling/versions/1/publish/").status_code == 422
    assert (
        drawer.post("/work/processes/felling/", {"file": upload(FELLING), "note": "改正"}).status_code == 303
    )
    assert publisher.post("/work/processes/felling/versions/2/publish/").status_code == 303
    assert drawer.get("/work/processes/felling/?n=1").status_code == 200


def test_who_may_not_sees_nothing(people: dict[str, Any]) -> None:
    citizen = people["world"].client(people["citizen"])
    for path in ("", "new/", "felling/", "felling/apply/"):
        assert citizen.get(f"/work/processes/{path}").status_code in (403, 404)
    assert Client(headers={"accept": "text/html"}).get("/work/processes/").status_code == 401


def test_a_picture_is_sound_xml_whatever_the_names_are() -> None:
    nasty = el("userTask", "a", name="&lt;script&gt;&amp;&quot;'" * 9)
    svg = picture(understand(read(drawing(START, nasty, END, flows("s a", "a e")))), title='"><script>')
    minidom.parseString(svg)
    assert "<script" not in svg
    assert "style=" not in svg
    nowhere = drawing(START).replace(b'width="36"', b'width="1e999"').replace(b'x="136"', b'x="NaN"')
    minidom.parseString(picture(understand(read(nowhere))) or "<none/>")


def test_what_has_stopped_is_put_right_and_a_case_moved_to_another_version(people: dict[str, Any]) -> None:
    drawer, publisher, worker = (
        people["world"].client(people[name], language="en") for name in ("drawer", "publisher", "worker")
    )

    def put(parts: bytes, n: int) -> None:
        path = "new/" if n == 1 else "felling/"
        typed = TYPED if n == 1 else {}
        assert drawer.post(f"/work/processes/{path}", {**typed, "file": upload(parts)}).status_code == 303
        assert publisher.post(f"/work/processes/felling/versions/{n}/publish/").status_code == 303

    gate = (
        el("exclusiveGateway", "g"),
        el("userTask", "b", name="复核"),
        flows("s g", "g a: trees > 9", "g b: trees > 5", "b e"),
    )
    put(drawing(START, el("userTask", "a", name="查看"), END, *gate, flows("a e")), 1)
    form = {
        "matter_title": "枯树",
        "matter_region": "141102001",
        "matter_organisation": people["office"],
        "trees": "1",
    }
    sheet = worker.post("/work/processes/felling/apply/", {**form, "once": "1"})["Location"]
    way = f"{sheet}way/"
    assert "no condition holds and there is no default flow" in worker.get(way).content.decode()
    assert worker.post(f"{way}retry/", {"variable": "trees", "value": "12"}).status_code == 403
    assert publisher.post(f"{way}retry/", {"variable": "trees", "value": "12"}).status_code == 303
    assert "查看" in worker.get(way).content.decode()
    assert publisher.post(f"{way}retry/", {}).status_code == 409
    put(drawing(START, el("userTask", "look", name="踏勘"), END, flows("s look", "look e")), 2)
    page = publisher.get(way).content.decode()
    found = re.search(r'href="\?to=(\d+)"', page)
    assert found is not None
    page = publisher.get(f"{way}?to={found[1]}").content.decode()
    assert 'name="at.a"' in page
    assert "踏勘" in page
    assert publisher.post(f"{way}migrate/", {"to": found[1], "at.a": "s"}).status_code == 422
    assert worker.post(f"{way}migrate/", {"to": found[1], "at.a": "look"}).status_code == 403
    assert publisher.post(f"{way}migrate/", {"to": found[1], "at.a": "look"}).status_code == 303
    assert "/moves/@look/" in worker.get(sheet).content.decode()
