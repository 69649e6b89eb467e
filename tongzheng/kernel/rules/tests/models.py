"""Small models for the tests, written as DMN."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

SPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def definitions(body: str, *, namespace: str = "urn:test", space: str = SPACE) -> str:
    """Return a whole model."""
    return f'<definitions xmlns="{space}" namespace="{namespace}" name="test">{body}</definitions>'


def data(name: str, type: str = "") -> str:
    """Return an input."""
    ref = f' typeRef="{type}"' if type else ""
    return f'<inputData id="{name}" name="{name}"><variable name="{name}"{ref}/></inputData>'


def literal(text: str) -> str:
    """Return a literal expression."""
    return f"<literalExpression><text>{escape(text)}</text></literalExpression>"


def decision(
    name: str, logic: str, *, needs: Sequence[str] = (), knows: Sequence[str] = (), type: str = ""
) -> str:
    """Return a decision; a need that begins with ! is a decision."""
    parts = ""
    for need in needs:
        kind = "requiredDecision" if need.startswith("!") else "requiredInput"
        parts += f'<informationRequirement><{kind} href="#{need.lstrip("!")}"/></informationRequirement>'
    for know in knows:
        parts += f'<knowledgeRequirement><requiredKnowledge href="#{know}"/></knowledgeRequirement>'
    ref = f' typeRef="{type}"' if type else ""
    return f'<decision id="{name}" name="{name}"><variable name="{name}"{ref}/>{parts}{logic}</decision>'


def table(
    policy: str, heads: Sequence[str], outs: Sequence[str], rows: Sequence[str], values: str = ""
) -> str:
    """Return a decision table; a row is its cells, separated by |; `policy` may name an aggregation after a space."""
    hit, _, aggregation = policy.partition(" of ")
    more = f' aggregation="{aggregation}"' if aggregation else ""
    allowed = f"<outputValues><text>{escape(values)}</text></outputValues>" if values else ""
    body = "".join(
        f"<input><inputExpression><text>{escape(head)}</text></inputExpression></input>" for head in heads
    )
    body += "".join(f'<output name="{out}">{allowed}</output>' for out in outs)
    for row in rows:
        cells = [escape(cell.strip()) for cell in row.split("|")]
        tests, results = cells[: len(heads)], cells[len(heads) :]
        body += "<rule>" + "".join(f"<inputEntry><text>{cell}</text></inputEntry>" for cell in tests)
        body += "".join(f"<outputEntry><text>{cell}</text></outputEntry>" for cell in results) + "</rule>"
    return f'<decisionTable hitPolicy="{hit}"{more}>{body}</decisionTable>'
