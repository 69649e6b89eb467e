import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongzheng.kernel.core.errors import Invalid
from tongzheng.kernel.core.registry import Registry, System
from tongzheng.kernel.core.text import T
from tongzheng.kernel.messages.checks import faults
from tongzheng.kernel.messages.kinds import Document, Template
from tongzheng.kernel.messages.render import Rendered, clean, fill, places, render, segments

from .conftest import ACCEPTED, FACTS


def test_a_message_is_written_in_the_addressees_language():
    assert render(ACCEPTED, FACTS, lang="zh") == Rendered(
        "食品经营许可已受理", "您申请的食品经营许可（BJ-1）已受理。"
    )
    assert render(ACCEPTED, FACTS, lang="en").body == "Your food licence (BJ-1) has been accepted."


def test_every_missing_place_is_named():
    with pytest.raises(Invalid) as said:
        render(ACCEPTED, {}, lang="zh")
    assert set(said.value.fields) == {"item"}
    with pytest.raises(Invalid) as said:
        fill(ACCEPTED.body, {}, lang="en")
    assert set(said.value.fields) == {"item", "number"}


def test_a_fact_cannot_open_a_place_or_a_line():
    filled = fill(T("{a}/{b}", "{a}/{b}"), {"a": "{b}", "b": "1\r\nBcc: x@y\u202e"}, lang="zh")
    assert filled == "{b}/1  Bcc: x@y"


@pytest.mark.parametrize("wording", ["{a.__class__}", "{a[0]}", "{a!r}", "{a:>9}", "{}", "{0}", "{a"])
def test_a_wording_can_name_a_place_and_nothing_else(wording):
    with pytest.raises(ValueError):  # noqa: PT011
        places(wording)


@given(st.text())
def test_a_cleaned_fact_is_one_short_line(text):
    kept = clean(text)
    assert len(kept) <= 500
    assert len(kept.splitlines()) <= 1
    assert clean(kept) == kept


def test_an_sms_is_counted_as_operators_count():
    assert [segments("a" * n) for n in (1, 160, 161, 306, 307)] == [1, 1, 2, 2, 3]
    assert [segments("字" * n) for n in (1, 70, 71, 134, 135)] == [1, 1, 2, 2, 3]
    assert segments("€" * 80) == 1
    assert segments("€" * 81) == 2
    assert segments("😀" * 36) == 2


def test_faulty_declarations_are_named():
    def template(name: str, body: T, channels: tuple[str, ...] = ("in_app",)) -> Template:
        return Template(name, T("名", "n"), T("题", "s"), body, channels=channels)

    registry = Registry()
    registry.add(
        System(
            "s",
            "kernel",
            "",
            T("名", "n"),
            T("名", "n"),
            declares=(
                template("good", T("{a}", "{a}")),
                template("halved", T("{a}{b}", "{a}")),
                template("reaching", T("{a.b}", "{a.b}")),
                template("fax", T("文", "t"), ("fax",)),
                template("none", T("文", "t"), ()),
                template("long", T("文" * 336, "t"), ("sms",)),
                Document("paper", T("名", "n"), template="poem", paragraphs=(T("{x}", "y"),)),
            ),
        )
    )
    assert list(faults(registry)) == [
        "Template s.halved: the place {b} stands only in Chinese",
        "Template s.reaching: {a.b} is not a plain place",
        "Template s.fax: there is no channel 'fax'; there are in_app, sms, email",
        "Template s.none: it has no channel",
        "Template s.long: the SMS (zh) takes 6 texts, more than 5",
        "Document s.paper: there is no layout 'poem'; there are decision, receipt, service, licence",
        "Document s.paper: the place {x} stands only in Chinese",
    ]
