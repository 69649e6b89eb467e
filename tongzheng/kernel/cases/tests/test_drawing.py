"""Forms as they are drawn and as they come back from a browser."""

from __future__ import annotations

import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import engines
from django.test import RequestFactory

from tongzheng.kernel.cases import api
from tongzheng.kernel.cases.entries import KINDS
from tongzheng.kernel.cases.incoming import received
from tongzheng.kernel.cases.kinds import Field
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import Actor

from .test_pages import PNG, As, as_

__all__ = ["as_"]


def drawn(fields: tuple[Field, ...], values: dict[str, Any], errors: dict[str, T] | None = None) -> str:
    """Return the HTML of `{% case_form %}`."""
    template = engines["django"].from_string("{% load case_forms %}{% case_form fields values errors %}")
    return template.render({"fields": fields, "values": values, "errors": errors or {}})


def test_every_entry_of_a_form_has_a_label_its_help_and_its_error(city: Any) -> None:
    choices = (("a", T("甲", "A")), ("b", T("乙", "B")))
    form = tuple(
        Field(kind, T(f"项{kind}", f"Item {kind}"), kind, choices=choices, help=T("帮助", "Help"))
        for kind in KINDS
    )
    page = drawn(form, {}, {kind: T("有错", "Wrong") for kind in KINDS})
    for kind in KINDS:
        assert f'id="id_{kind}"' in page, kind
        assert f'for="id_{kind}"' in page or re.search(rf'<(fieldset|input)[^>]*id="id_{kind}"', page), kind
        assert f'id="help_{kind}"' in page, kind
        assert f'id="error_{kind}"' in page, kind
        assert f'<a href="#id_{kind}">' in page, kind
        assert re.search(rf'aria-describedby="help_{kind} error_{kind}"', page), kind
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_entries_tell_the_browser_what_they_take(city: Any) -> None:
    form = (
        Field("phone", T("电话", "Phone"), "phone", prefill="person.phone", personal=True),
        Field("pay", T("金额", "Amount"), "money"),
        Field("paper", T("图", "Plan"), "files", accept=("pdf", "image/png")),
        Field("why", T("原因", "Why"), "long", when=("pay", "1"), max_length=50),
    )
    page = drawn(form, {})
    assert 'type="tel"' in page
    assert 'autocomplete="tel"' in page
    assert "data-private" in page
    assert "金额（元）" in page
    assert 'accept=".pdf,.png"' in page
    assert 'data-when="pay" data-when-value="1"' in page
    assert 'maxlength="50"' in page
    assert not re.search(r'id="id_why"[^>]*required', page)


def test_what_was_typed_stays_and_cannot_break_out_of_the_page(city: Any) -> None:
    nasty = '"><script>alert(1)</script>'
    form = (
        Field("a", T("甲", "A")),
        Field("d", T("日", "Day"), "date"),
        Field("p", T("点", "Place"), "place"),
        Field("r", T("区", "Region"), "region"),
        Field("o", T("单位", "Body"), "organisation"),
        Field("c", T("选", "Choice"), "choices", choices=(("x", T("甲", "X")), ("y", T("乙", "Y")))),
    )
    page = drawn(
        form,
        {"a": nasty, "d": "明天", "p": {"address": nasty, "lon": nasty}, "r": nasty, "o": nasty, "o_words": nasty, "c": ["y"]},
        {"role": T(nasty, nasty)},
    )  # fmt: skip
    assert "<script" not in page
    assert 'value="明天"' in page
    assert 'value="y" checked' in page
    chosen = drawn(form, {"r": "141102001", "o": str(city.company)})
    assert chosen.count("<select") == 3
    assert '<option value="141102001" selected>' in chosen
    assert 'value="离石区供热公司"' in chosen


def test_without_javascript_a_body_is_chosen_from_those_that_fit_and_a_region_level_by_level(
    as_: As, city: Any
) -> None:
    form = (Field("o", T("单位", "Body"), "organisation"), Field("r", T("区", "Region"), "region"))

    def arriving(data: dict[str, Any]) -> Any:
        request = RequestFactory().post("/", data)
        request.actor = city.clerk  # type: ignore[attr-defined]
        return received(request, form)

    several = arriving({"o": "", "o_words": "区"})
    assert several.errors or several.data.get("o")
    one = arriving({"o": "", "o_words": "供热公司", "r": ["141102", "141102001", ""]})
    assert one.data == {"o": str(city.company), "r": "141102001"}
    changed = arriving({"r": ["141121", "141102001"], "_expand": "r"})
    assert (changed.data["r"], changed.expanding) == ("141121", True)


def test_a_form_comes_back_with_its_file_after_a_slip(as_: As, city: Any) -> None:
    """Files are kept on arrival; a signed token brings them back, and only to who sent them."""
    form = (Field("paper", T("图", "Plan"), "file", accept=("image",)), Field("name", T("名", "Name")))

    def arriving(actor: Actor, data: dict[str, Any]) -> Any:
        request = RequestFactory().post("/", data)
        request.actor = actor  # type: ignore[attr-defined]
        return received(request, form)

    first = arriving(city.clerk, {"paper": SimpleUploadedFile("图.png", PNG)})
    (kept,) = first.files["paper"]
    clean, errors = api.validate(form, first.data, first.files)
    assert (clean["paper"]["name"], list(errors)) == ("图.png", ["name"])
    again = arriving(city.clerk, {"paper.kept": kept.token, "name": "店"})
    assert api.validate(form, again.data, again.files)[1] == {}
    assert again.pairs == first.pairs
    stolen = arriving(city.second, {"paper.kept": kept.token, "name": "店"})
    assert list(api.validate(form, stolen.data, stolen.files)[1]) == ["paper"]
