"""DMN's XML → parts. No document type, no entity, nothing from outside; bounded in size, depth and number."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element as Xml
from xml.etree.ElementTree import ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from ..feel.names import tidy
from ..feel.notes import BadModel
from .parts import Boxed, Document, Element, Example, Import, Input, Item, Output, Rule, Table, Variable

OWN = "urn:tongzheng:rules"
"""The namespace of what is ours in a model: the test rows."""

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 120
MAX_ELEMENTS = 200_000

VERSIONS = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
    "https://www.omg.org/spec/DMN/20240513/MODEL/": "1.6",
}
EXPRESSIONS = frozenset(
    [
        "literalExpression",
        "context",
        "decisionTable",
        "list",
        "relation",
        "functionDefinition",
        "invocation",
        "conditional",
        "filter",
        "for",
        "every",
        "some",
    ]
)
GRAPH = frozenset(["inputData", "decision", "businessKnowledgeModel", "decisionService"])
POLICIES = {
    "UNIQUE": "U", "ANY": "A", "PRIORITY": "P", "FIRST": "F", "RULE ORDER": "R", "OUTPUT ORDER": "O", "COLLECT": "C",
    "U": "U", "A": "A", "P": "P", "F": "F", "R": "R", "O": "O", "C": "C",
}  # fmt: skip
SIGNS = {"SUM": "+", "MIN": "<", "MAX": ">", "COUNT": "#", "LIST": ""}


class _Builder(TreeBuilder):
    """Builds the tree, and stops when it grows too deep or too large."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = self.count = 0

    def start(self, tag: str, attrs: dict[str, str]) -> Xml:
        self.depth += 1
        self.count += 1
        if self.depth > MAX_DEPTH or self.count > MAX_ELEMENTS:
            raise BadModel("XML 过深或过大", "the XML is too deep or too large")
        return super().start(tag, attrs)

    def end(self, tag: str) -> Xml:
        self.depth -= 1
        return super().end(tag)


def parse_xml(data: bytes | str) -> Xml:
    """Return the tree of a document. Raises BadModel for anything but plain, bounded XML."""
    raw = data.encode() if isinstance(data, str) else data
    if len(raw) > MAX_BYTES:
        raise BadModel("文件过大", "the file is too large")
    parser = DefusedXMLParser(target=_Builder(), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(raw)
        found = parser.close()
    except DefusedXmlException:
        raise BadModel(
            "XML 里不得有文档类型或实体", "the XML may have no document type and no entity"
        ) from None
    except ParseError as error:
        line, column = error.position
        raise BadModel(
            f"不是 XML：第 {line} 行第 {column} 列", f"no XML: line {line}, column {column}"
        ) from None
    except (ValueError, LookupError, AttributeError) as error:
        raise BadModel("不是 XML", "no XML") from error
    if not isinstance(found, Xml):
        raise BadModel("不是 XML", "no XML")
    return found


def local(tag: object) -> str:
    """Return a tag's name without its namespace."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def space(tag: str) -> str:
    """Return a tag's namespace."""
    return tag[1:].partition("}")[0] if tag.startswith("{") else ""


def read(data: bytes | str) -> Document:
    """Return the model that the XML describes. Raises BadModel, saying what is wrong."""
    root = parse_xml(data)
    uri = space(root.tag)
    if local(root.tag) != "definitions" or uri not in VERSIONS:
        raise BadModel("不是 DMN 1.1 至 1.6 的模型", "this is no model of DMN 1.1 to 1.6")
    found = Document(root.get("namespace", ""), root.get("name", ""), VERSIONS[uri])
    for child in root:
        kind = local(child.tag) if space(str(child.tag)) == uri else ""
        if kind == "import" and child.get("importType", uri) in VERSIONS:
            found.imports.append(Import(tidy(child.get("name", "")), child.get("namespace", "")))
        elif kind == "itemDefinition":
            found.items.append(_item(child))
        elif kind in GRAPH:
            element = _element(child, kind)
            if element.id in found.elements:
                raise BadModel(f"编号“{element.id}”重复", f"id {element.id!r} is there twice")
            found.elements[element.id] = element
    return found


def _children(xml: Xml, name: str) -> list[Xml]:
    return [child for child in xml if local(child.tag) == name]


def _child(xml: Xml, name: str) -> Xml | None:
    return next((child for child in xml if local(child.tag) == name), None)


def _text(xml: Xml | None) -> str:
    """Return the content of an element's `text` child."""
    inner = _child(xml, "text") if xml is not None else None
    return (inner.text or "").strip() if inner is not None else ""


def _content(xml: Xml, name: str) -> str:
    inner = _child(xml, name)
    return (inner.text or "").strip() if inner is not None else ""


def _type(xml: Xml) -> str:
    """Return a type reference: an attribute since 1.2, an element before."""
    return tidy(xml.get("typeRef") or _content(xml, "typeRef"))


def _item(xml: Xml) -> Item:
    found = Item(
        tidy(xml.get("name", "")),
        type=_type(xml),
        collection=xml.get("isCollection", "false") in ("true", "1"),
        allowed=_text(_child(xml, "allowedValues")),
        constraint=_text(_child(xml, "typeConstraint")),
        parts=[_item(part) for part in _children(xml, "itemComponent")],
    )
    function = _child(xml, "functionItem")
    if function is not None:
        found.parameters = [
            Variable(tidy(p.get("name", "")), _type(p)) for p in _children(function, "parameters")
        ]
        found.result = tidy(function.get("outputTypeRef", ""))
    return found


def _element(xml: Xml, kind: str) -> Element:
    name = tidy(xml.get("name", ""))
    variable = _child(xml, "variable")
    found = Element(
        kind,
        xml.get("id") or f"{kind}:{name}",
        name,
        Variable(name, _type(variable) if variable is not None else ""),
        label=xml.get("label", ""),
        question=_content(xml, "question"),
    )
    for need in _children(xml, "informationRequirement"):
        found.needs += [
            child.get("href", "")
            for child in need
            if local(child.tag) in ("requiredInput", "requiredDecision")
        ]
    for need in _children(xml, "knowledgeRequirement"):
        found.knows += [child.get("href", "") for child in need if local(child.tag) == "requiredKnowledge"]
    for part, into in (
        ("outputDecision", found.outputs),
        ("encapsulatedDecision", found.inside),
        ("inputDecision", found.input_decisions),
        ("inputData", found.input_data),
    ):
        into += [child.get("href", "") for child in _children(xml, part)]
    if kind == "decision":
        found.logic = _first(xml)
        found.examples = list(_examples(xml))
    elif kind == "businessKnowledgeModel":
        inner = _child(xml, "encapsulatedLogic")
        found.logic = _function(inner) if inner is not None else None
    return found


def _examples(xml: Xml) -> Iterator[Example]:
    """Yield the test rows among a decision's extension elements."""
    for extension in _children(xml, "extensionElements"):
        for one in extension.iter(f"{{{OWN}}}example"):
            yield Example(one.get("name", ""), one.get("facts", ""), one.get("result", ""))


def _first(xml: Xml | None) -> Boxed | None:
    """Return the first boxed expression among the children."""
    if xml is None:
        return None
    return next((_boxed(child) for child in xml if local(child.tag) in EXPRESSIONS), None)


def _function(xml: Xml) -> Boxed:
    body = _first(xml)
    return Boxed(
        "functionDefinition",
        id=xml.get("id", ""),
        name=xml.get("kind", "FEEL"),
        type=_type(xml),
        parameters=[Variable(tidy(p.get("name", "")), _type(p)) for p in _children(xml, "formalParameter")],
        parts=[body] if body else [],
    )


def _boxed(xml: Xml) -> Boxed:
    kind = local(xml.tag)
    found = Boxed(kind, id=xml.get("id", ""), type=_type(xml), label=xml.get("label", ""))
    if kind == "literalExpression":
        found.text = _text(xml)
        found.name = xml.get("expressionLanguage", "")
    elif kind == "functionDefinition":
        return _function(xml)
    elif kind == "decisionTable":
        found.table = _table(xml)
    elif kind == "context":
        for entry in _children(xml, "contextEntry"):
            variable = _child(entry, "variable")
            name = tidy(variable.get("name", "")) if variable is not None else ""
            found.entries.append(
                (Variable(name, _type(variable) if variable is not None else ""), _first(entry))
            )
    elif kind == "list":
        found.parts = [_boxed(child) for child in xml if local(child.tag) in EXPRESSIONS]
    elif kind == "relation":
        found.columns = [tidy(column.get("name", "")) for column in _children(xml, "column")]
        for row in _children(xml, "row"):
            cells = [_boxed(child) for child in row if local(child.tag) in EXPRESSIONS]
            found.parts.append(Boxed("row", id=row.get("id", ""), parts=cells))
    elif kind == "invocation":
        callee = _first(xml)
        found.parts = [callee] if callee else []
        for binding in _children(xml, "binding"):
            parameter = _child(binding, "parameter")
            name = tidy(parameter.get("name", "")) if parameter is not None else ""
            found.entries.append((Variable(name, ""), _first(binding)))
    else:
        found.name = tidy(xml.get("iteratorVariable", ""))
        for part in {
            "conditional": ("if", "then", "else"),
            "filter": ("in", "match"),
            "for": ("in", "return"),
        }.get(kind, ("in", "satisfies")):
            inner = _first(_child(xml, part))
            found.parts.append(inner or Boxed("missing"))
    return found


def _table(xml: Xml) -> Table:
    policy = POLICIES.get(xml.get("hitPolicy", "UNIQUE"))
    if policy is None:
        raise BadModel(
            f"不认识的命中策略“{xml.get('hitPolicy')}”", f"unknown hit policy {xml.get('hitPolicy')!r}"
        )
    if policy == "C":
        policy += SIGNS.get(xml.get("aggregation", "LIST"), "")
    found = Table(policy, [], [], [], label=xml.get("outputLabel", ""))
    for column in _children(xml, "input"):
        inner = _child(column, "inputExpression")
        values = _text(_child(column, "inputValues"))
        type = _type(inner) if inner is not None else ""
        found.inputs.append(Input(_text(inner), column.get("label", ""), type, values))
    for column in _children(xml, "output"):
        default = _child(column, "defaultOutputEntry")
        found.outputs.append(
            Output(
                tidy(column.get("name", "")),
                column.get("label", ""),
                _type(column),
                _text(_child(column, "outputValues")),
                _text(default),
            )
        )
    found.remarks = [column.get("name", "") for column in _children(xml, "annotation")]
    for row in _children(xml, "rule"):
        found.rules.append(
            Rule(
                [_text(cell) for cell in _children(row, "inputEntry")],
                [_boxed_entry(cell) for cell in _children(row, "outputEntry")],
                [_text(cell) for cell in _children(row, "annotationEntry")],
                row.get("id", ""),
            )
        )
    return found


def _boxed_entry(xml: Xml) -> Boxed:
    return Boxed("literalExpression", id=xml.get("id", ""), text=_text(xml), type=_type(xml))
