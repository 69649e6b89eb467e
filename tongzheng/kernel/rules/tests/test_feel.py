"""FEEL does what the specification says: a table of expressions, each beside what it must give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tongzheng.kernel.rules.feel import NotFeel, evaluate
from tongzheng.kernel.rules.feel.notes import Run
from tongzheng.kernel.rules.feel.strings import text_of
from tongzheng.kernel.rules.feel.times import same_in_all

VECTORS = Path(__file__).parent / "data" / "vectors.txt"


def vectors() -> Iterator[tuple[str, str]]:
    text = ""
    for line in VECTORS.read_text(encoding="utf-8").splitlines():
        if not text and (line.startswith("#") or not line):
            continue
        text += ("\n" if text else "") + line
        if " => " in line:
            expression, _, expected = text.rpartition(" => ")
            yield expression, expected
            text = ""


@pytest.mark.parametrize(("expression", "expected"), list(vectors()))
def test_the_expression_gives_what_is_expected(expression: str, expected: str) -> None:
    found, wanted = evaluate(expression), evaluate(expected).value
    assert same_in_all(found.value, wanted), (
        f"{text_of(Run(), found.value)} {[str(note) for note in found.notes]}"
    )


def test_names_with_spaces_symbols_and_keywords_are_found() -> None:
    names = {
        "年 收入": 10,
        "Pre-tax salary": 5,
        "days in weekend": ["sat"],
        "profit and loss": 7,
        "a": 1,
        "b": 2,
    }
    assert evaluate("年 收入 + Pre-tax   salary", names).value == 15
    assert evaluate("profit and loss - a-b", names).value == 4
    assert evaluate("for d in days in weekend return d", names).value == ["sat"]
    assert evaluate("{x y: 1, z: x y + a}.z", names).value == 2


def test_the_clock_is_handed_in() -> None:
    from datetime import UTC, datetime

    moment = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    assert str(evaluate("now()", now=moment).value) == "2026-11-23T08:30:00Z"
    assert evaluate('today() + duration("P1D") = @"2026-11-24"', now=moment).value is True
    assert evaluate("now()").value is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1 +", 3),
        ("(1", 2),
        ("1 2", 2),
        ('"abc', 0),
        ("a ：b", 2),
        ("", 0),
        ("[1, 2", 5),
        ("if a then b", 11),
        ("{a: }", 4),
    ],
)
def test_what_is_no_expression_is_told_with_its_place(text: str, at: int) -> None:
    with pytest.raises(NotFeel) as error:
        evaluate(text)
    assert error.value.note.at == at
    assert error.value.note.zh
    assert error.value.note.en


def test_full_width_punctuation_is_named() -> None:
    with pytest.raises(NotFeel) as error:
        evaluate("max（1, 2）")
    assert "“（”请改用半角“(”" in error.value.note.zh


def test_a_null_has_its_reason() -> None:
    assert [note.en for note in evaluate('1 + "a"').notes] == ["number + string has no meaning"]
    assert [note.zh for note in evaluate("no such name").notes] == ["没有“no such name”"]
