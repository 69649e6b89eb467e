"""Drawings come out as they went in, and nothing that is handed in can do harm."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongzheng.kernel.cases.drawn import reading
from tongzheng.kernel.cases.drawn.model import understand
from tongzheng.kernel.cases.drawn.reading import BadDrawing, read
from tongzheng.kernel.cases.drawn.report import check
from tongzheng.kernel.cases.drawn.writing import content, counts, diagram, write

from .build import HEAD

NOW = datetime(2026, 11, 23, tzinfo=UTC)
RICH = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<!-- drawn in an office -->
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:vendor="http://vendor.example/x"
  xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:c="http://www.omg.org/spec/DD/20100524/DC"
  xmlns:w="http://www.omg.org/spec/DD/20100524/DI" id="D" targetNamespace="urn:x" exporter="Tool">
  <import importType="http://www.omg.org/spec/DMN/" location="rules.dmn" namespace="urn:rules"/>
  <itemDefinition id="I" structureRef="xs:string"/>
  <message id="M" name="申请"/>
  <category id="C"><categoryValue id="CV" value="快办"/></category>
  <collaboration id="K"><documentation>两个泳池 &amp; 一个空池</documentation>
    <participant id="PA" name="居民"/><participant id="PB" name="窗口" processRef="P"/>
    <messageFlow id="MF" sourceRef="PA" targetRef="s" messageRef="M"/>
  </collaboration>
  <process id="P" isExecutable="false" vendor:version="3">
    <extensionElements><vendor:form layout="two&#10;lines"><![CDATA[a < b && c]]></vendor:form></extensionElements>
    <ioSpecification><inputSet/><outputSet/></ioSpecification>
    <dataObject id="DO" name="材料" isCollection="true"/><dataObjectReference id="DR" dataObjectRef="DO"/>
    <dataStoreReference id="DS" name="证照库"/>
    <laneSet><lane id="L1" name="受理"><flowNodeRef>s</flowNodeRef><flowNodeRef>t</flowNodeRef>
      <childLaneSet><lane id="L2" name="复核"><flowNodeRef>t</flowNodeRef></lane></childLaneSet></lane></laneSet>
    <startEvent id="s"><messageEventDefinition messageRef="M"/></startEvent>
    <userTask id="t" name="审&lt;查&gt; &quot;一&quot;"><multiInstanceLoopCharacteristics isSequential="true">
      <loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics></userTask>
    <subProcess id="ev" triggeredByEvent="true"><startEvent id="es" isInterrupting="false">
      <timerEventDefinition><timeDuration>P5D</timeDuration></timerEventDefinition></startEvent></subProcess>
    <sequenceFlow sourceRef="s" targetRef="t"/>
    <group id="G" categoryValueRef="CV"/><textAnnotation id="TA"><text>注意</text></textAnnotation>
    <association id="A" sourceRef="t" targetRef="TA"/>
  </process>
  <process id="Q"/>
  <di:BPMNDiagram id="BD"><di:BPMNPlane id="BP" bpmnElement="K"><di:BPMNShape id="sh" bpmnElement="t">
    <c:Bounds x="1.50" y="2" width="100" height="80"/></di:BPMNShape><di:BPMNEdge id="ed" bpmnElement="MF">
    <w:waypoint x="1" y="2"/><w:waypoint x="3" y="4"/></di:BPMNEdge></di:BPMNPlane></di:BPMNDiagram>
  <vendor:tail><?tool keep="this"?></vendor:tail>
</definitions>
"""


def test_everything_in_a_drawing_comes_out_as_it_went_in() -> None:
    document = read(RICH.encode())
    again = read(write(document))
    assert content(again) == content(document)
    assert counts(again) == counts(document)
    assert diagram(again) == diagram(document)
    assert write(again) == write(document)
    assert counts(document)["bpmn:flowNodeRef"] == 3
    assert counts(document)["vendor:form"] == 1
    assert b"<![CDATA[a < b && c]]>" in write(document)
    assert b"<!-- drawn in an office -->" in write(document)
    assert b'layout="two&#10;lines"' in write(document)
    assert b'<?tool keep="this"?>' in write(document)


def test_a_drawing_is_understood_with_its_lanes_pools_and_messages() -> None:
    model = understand(read(RICH.encode()))
    assert model.processes == ["P", "Q"]
    assert model.scopes["P"].pool == "窗口"
    assert model.lanes[model.elements["t"].lane].path == ("窗口", "受理", "复核")
    assert model.elements["s"].triggers[0].label == "申请"
    assert model.elements["t"].many is not None
    assert model.elements["t"].many.sequential
    assert not model.elements["es"].interrupts
    assert [len(model.scopes[id].flows) for id in ("P", "ev")] == [1, 0]
    report = check(RICH.encode(), name="rich", now=NOW)
    assert report.whole
    assert report.to_json()["processes"][0]["lanes"] == ["受理", "复核"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030", "gbk", "iso-8859-1"])
def test_other_encodings_are_read(encoding: str) -> None:
    name = "Straße" if encoding == "iso-8859-1" else "审查"
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>{HEAD}<b:process id="P" name="{name}"/></b:definitions>'
    )
    assert understand(read(text.encode(encoding))).scopes["P"].name == name


BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not well-formed"),
        ("<a>", "not well-formed"),
        ("<a></b>", "not well-formed"),
        (f'<!DOCTYPE a [<!ENTITY a0 "x">{BOMB}]><a>&a9;</a>', "DOCTYPE"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "DOCTYPE"),
        ('<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;]><a/>', "DOCTYPE"),
        ("<a>&undeclared;</a>", "not well-formed"),
        ("<p:a/>", "undeclared namespace prefix p"),
        ("<a>" * 300 + "</a>" * 300, "nested more than 200 deep"),
        ('<?xml version="1.0" encoding="no-such"?><a/>', "unknown encoding no-such"),
        ('<?xml version="1.0" encoding="gbk"?><a>\x80</a>', "not in its encoding"),
        ("<a b='1' b='2'/>", "not well-formed"),
    ],
)
def test_what_is_malformed_or_dangerous_is_refused_with_its_place(content: str, words: str) -> None:
    with pytest.raises(BadDrawing) as refused:
        read(content.encode("latin-1"))
    assert words in refused.value.words.en
    assert refused.value.words.zh


def test_a_fault_names_line_and_element() -> None:
    with pytest.raises(BadDrawing) as refused:
        read(b"<a>\n <b>\n  <c>\n </b>\n</a>")
    assert (refused.value.line, refused.value.element) == (4, "c")
    assert refused.value.words.en == "line 4, element c: not well-formed XML (mismatched tag)"


def test_size_and_number_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ELEMENTS", 100)
    with pytest.raises(BadDrawing, match="more than 100 elements"):
        read(b"<a>" + b"<b/>" * 101 + b"</a>")
    monkeypatch.setattr(reading, "MOST_BYTES", 1024 * 1024)
    with pytest.raises(BadDrawing, match="more than 1 MB"):
        read(b" " * (1024 * 1024 + 1))


names = st.text("abcDE_", min_size=1, max_size=5)
texts = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="￾￿"), max_size=12)


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> str:
    """Return a random element as text."""
    escape = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
    name = draw(
        st.sampled_from(["b:task", "b:process", "v:any", "b:subProcess", "b:sequenceFlow", "b:startEvent"])
    )
    attributes = draw(
        st.dictionaries(st.sampled_from(["id", "name", "sourceRef", "v:x", "default"]), texts, max_size=3)
    )
    listed = "".join(f' {k}="{"".join(escape.get(c, c) for c in v)}"' for k, v in attributes.items())
    inner = draw(st.lists(elements(depth - 1), max_size=3)) if depth else []
    text = "".join(escape.get(c, c) for c in draw(texts))
    return f"<{name}{listed}>{text}{''.join(inner)}</{name}>"


@given(st.lists(elements(), max_size=4))
@settings(max_examples=60, deadline=None)
def test_whatever_is_well_formed_is_kept_and_judged(inner: list[str]) -> None:
    text = HEAD.replace(" id=", ' xmlns:v="urn:v" id=') + "".join(inner) + "</b:definitions>"
    document = read(text.encode())
    assert content(read(write(document))) == content(document)
    assert check(text.encode(), name="x", now=NOW).whole


@given(
    st.one_of(
        st.binary(max_size=200),
        st.integers(0, len(RICH) - 1),
        st.tuples(st.integers(0, 4000), st.text(max_size=3)),
    )
)
@settings(max_examples=150, deadline=None)
def test_no_content_crashes_or_hangs_the_reader(given_: bytes | int | tuple[int, str]) -> None:
    if isinstance(given_, int):
        data = RICH.encode()[:given_]
    elif isinstance(given_, tuple):
        at, more = given_
        data = (RICH[:at] + more + RICH[at + 1 :]).encode("utf-8", "replace")
    else:
        data = given_
    begin = time.perf_counter()
    with suppress(BadDrawing):
        assert check(data, name="x", now=NOW).whole
    assert time.perf_counter() - begin < 2
