"""Models: boxed expressions, requirements, types, services, imports, and everything that is wrong with a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tongzheng.kernel.rules.api import run_kit
from tongzheng.kernel.rules.dmn import load
from tongzheng.kernel.rules.dmn.reading import VERSIONS
from tongzheng.kernel.rules.feel.notes import BadModel, Exhausted, Limits

from .models import data, decision, definitions, literal

KIT = Path(__file__).parents[5] / "shared" / "tck"


def value(body: str, name: str, **inputs: object) -> object:
    return load(definitions(body)).evaluate(name, inputs).plain


@pytest.mark.parametrize("space", VERSIONS)
def test_every_version_is_read(space: str) -> None:
    model = load(definitions(data("a") + decision("d", literal("a + 1"), needs=["a"]), space=space))
    assert model.evaluate("d", {"a": 2}).plain == 3


def test_decisions_use_what_they_require() -> None:
    body = data("年收入", "number") + decision("月收入", literal("年收入 / 12"), needs=["年收入"])
    body += decision("合格", literal("月收入 < 3000"), needs=["!月收入"])
    assert value(body, "合格", 年收入=24000) is True
    assert value(body, "合格", 年收入="x") is None


def test_boxed_expressions_evaluate() -> None:
    entry = "<contextEntry><variable name='{}'/>{}</contextEntry>".format
    context = f"<context>{entry('a', literal('1'))}{entry('b c', literal('a + 1'))}<contextEntry>{literal('a + b c')}</contextEntry></context>"
    assert value(decision("d", context), "d") == 3
    relation = (
        f"<relation><column name='x'/><column name='y'/><row>{literal('1')}{literal('2')}</row></relation>"
    )
    assert value(decision("d", relation), "d") == [{"x": 1, "y": 2}]
    assert value(decision("d", f"<list>{literal('1')}{literal('9')}</list>"), "d") == [1, 9]
    part = lambda name, text: f"<{name}>{literal(text)}</{name}>"  # noqa: E731
    conditional = (
        f"<conditional>{part('if', 'n > 1')}{part('then', 'n + 1')}{part('else', 'n')}</conditional>"
    )
    assert value(data("n") + decision("d", conditional, needs=["n"]), "d", n=2) == 3
    assert value(
        decision("d", f"<filter>{part('in', '[1,2,3]')}{part('match', 'item > 1')}</filter>"), "d"
    ) == [2, 3]
    loop = f"<for iteratorVariable='i'>{part('in', '1..3')}{part('return', 'i * 2')}</for>"
    assert value(decision("d", loop.replace("1..3", "[1,2,3]")), "d") == [2, 4, 6]
    some = f"<some iteratorVariable='i'>{part('in', '[1,2]')}{part('satisfies', 'i > 1')}</some>"
    assert value(decision("d", some), "d") is True
    assert value(decision("d", some.replace("some", "every")), "d") is False


KNOWLEDGE = (
    '<businessKnowledgeModel id="加" name="加"><variable name="加"/><encapsulatedLogic>'
    '<formalParameter name="a" typeRef="number"/><formalParameter name="b" typeRef="number"/>'
    f"{literal('if b = 0 then a else 加(a + 1, b - 1)')}</encapsulatedLogic></businessKnowledgeModel>"
)


def test_knowledge_is_called_by_name_by_place_and_by_itself() -> None:
    assert value(KNOWLEDGE + decision("d", literal("加(1, 2) + 加(b: 3, a: 1)"), knows=["加"]), "d") == 7
    binding = "<binding><parameter name='{}'/>{}</binding>".format
    boxed = (
        f"<invocation>{literal('加')}{binding('a', literal('2'))}{binding('b', literal('2'))}</invocation>"
    )
    assert value(KNOWLEDGE + decision("d", boxed, knows=["加"]), "d") == 4
    assert load(definitions(KNOWLEDGE)).call("加", {"a": 1, "b": 1}).plain == 2


def test_a_service_sees_only_what_it_is_given() -> None:
    body = data("a") + data("b") + decision("inner", literal("a * 10"), needs=["a"])
    body += decision("outer", literal("inner + b"), needs=["!inner", "b"])
    body += (
        '<decisionService id="s" name="s"><variable name="s"/><outputDecision href="#outer"/>'
        '<inputDecision href="#inner"/><inputData href="#b"/></decisionService>'
    )
    body += decision("call", literal("s(1, 2)"), knows=["s"])
    model = load(definitions(body))
    assert model.evaluate("call", {}).plain == 3
    assert model.serve("s", {"inner": 5, "b": 1, "a": 100}).plain == 6


def test_types_hold_values_to_what_is_allowed() -> None:
    items = (
        '<itemDefinition name="tLevel"><typeRef>string</typeRef><allowedValues><text>"甲", "乙"</text></allowedValues>'
        '</itemDefinition><itemDefinition name="tPerson"><itemComponent name="name"><typeRef>string</typeRef>'
        '</itemComponent><itemComponent name="levels" isCollection="true"><typeRef>tLevel</typeRef></itemComponent>'
        "</itemDefinition>"
    )
    body = items + data("p", "tPerson") + decision("d", literal("p.levels"), needs=["p"])
    assert value(body, "d", p={"name": "x", "levels": ["甲"]}) == ["甲"]
    assert value(body, "d", p={"name": "x", "levels": ["丙"]}) is None
    assert value(body, "d", p={"levels": []}) is None


def test_imports_are_seen_under_their_name() -> None:
    library = definitions(KNOWLEDGE, namespace="urn:lib")
    kind = '"https://www.omg.org/spec/DMN/20230324/MODEL/"'
    body = f'<import name="库" namespace="urn:lib" importType={kind}/>'
    body += decision("d", literal("库.加(1, 1)"), knows=[]).replace(
        "<literal",
        '<knowledgeRequirement><requiredKnowledge href="urn:lib#加"/></knowledgeRequirement><literal',
        1,
    )
    assert load(definitions(body), library).evaluate("d", {}).plain == 2
    with pytest.raises(BadModel, match="is missing"):
        load(definitions(body))


def test_external_functions_are_never_run() -> None:
    text = 'function(x) external {java: {class: "java.lang.Runtime", method signature: "exec(java.lang.String)"}}'
    body = decision("d", literal(f"({text})(1)"))
    answer = load(definitions(body)).evaluate("d", {})
    assert (answer.value, answer.notes[0].en) == (None, "external functions are not run")


BOMB = '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "bad",
    [
        "", "no xml", "<a/>", "<definitions/>", BOMB + definitions("&b;"), EXTERNAL + definitions("&a;"), "<!DOCTYPE d>" + definitions(""),
        "<a>" * 5000, definitions("<x>" * 300 + "</x>" * 300), definitions("")[:-3], b"\xff\xfe\x00", b"<?xml version='1.0' encoding='nope'?><a/>",
        definitions(decision("a", literal("b"), needs=["!b"]) + decision("b", literal("a"), needs=["!a"])),
        definitions(decision("a", literal("a"), needs=["!a"])), definitions(decision("a", "") + decision("a", "")),
        definitions('<import name="x" namespace="urn:test" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'),
        definitions(decision("d", '<decisionTable hitPolicy="LUCKY"/>')),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused(bad: str | bytes) -> None:
    with pytest.raises(BadModel) as error:
        load(bad)
    assert error.value.note.zh


def test_a_type_that_is_made_of_itself_is_told() -> None:
    items = '<itemDefinition name="a"><typeRef>b</typeRef></itemDefinition><itemDefinition name="b"><typeRef>a</typeRef></itemDefinition>'
    assert any("itself" in note.en for note in load(definitions(items)).problems)


@pytest.mark.parametrize(
    "text",
    [
        "for i in 1..1000000000 return i", "for i in 1..100000, j in 1..100000 return 1", "{f: function(n) f(n + 1), r: f(1)}.r",
        'for i in 1..90000 return for j in 1..90000 return "x"', "sum(for i in 1..99999999 return 2 ** i)",
        'matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "^(a+)+$|^(a|aa)+$|^(a|a?)+$|(x+x+)+y|(.*a){25}b")',
        "some a in 1..1000000, b in 1..1000000 satisfies a + b = -1",
        "{d: function(l, n) if n = 0 then l else d(concatenate(l, l), n - 1), r: count(d([1, 2], 50))}.r",
        '{d: function(s, n) if n = 0 then s else d(s + s, n - 1), r: string length(d("ab", 50))}.r',
        "count(for i in 1..400 return for j in 1..400 return for k in 1..400 return i)",
    ],
)  # fmt: skip
def test_what_would_run_for_ever_or_grow_without_end_is_stopped(text: str) -> None:
    model = load(definitions(decision("d", literal(text))))
    with pytest.raises(Exhausted):
        model.evaluate("d", {}, limits=Limits(seconds=0.6))


@pytest.mark.skipif(not KIT.is_dir(), reason="the public kit is not beside the repository")
def test_the_public_kit_passes() -> None:
    failed = [outcome for outcome in run_kit(KIT) if not outcome.passed]
    assert failed == []


def test_the_language_and_the_models_need_neither_django_nor_a_database() -> None:
    code = "import sys, tongzheng.kernel.rules.dmn.deciding; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
