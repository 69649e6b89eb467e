from datetime import UTC, datetime

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.text import T
from tongzheng.site.showcase import icons
from tongzheng.site.templatetags import pieces

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    with clock.at(NOON):
        yield


def shown(source, lang="zh-hans", **values):
    with translation.override(lang):
        return Template(source).render(Context(values))


@pytest.mark.parametrize(
    ("form", "zh", "en"),
    [
        ("", "11 月 23 日 12:00", "23 Nov, 12:00"),
        ("date", "11 月 23 日", "23 Nov"),
        ("full", "2026 年 11 月 23 日 12:00", "23 Nov 2026, 12:00"),
    ],
)
def test_a_moment_is_written_as_people_write_it_in_chinas_time(form, zh, en):
    assert zh in shown("{% when m form %}", m=NOON, form=form)
    assert en in shown("{% when m form %}", "en", m=NOON, form=form)


def test_another_year_is_named():
    assert "2025 年 1 月 2 日" in shown("{% when m 'date' %}", m=datetime(2025, 1, 2, tzinfo=UTC))


def test_the_clock_says_its_light_in_words_and_how_much_is_used():
    view = {
        "light": "red",
        "left": T("超 1 日", "1 day late"),
        "used": 1.4,
        "explain": T("11 月 20 日受理", "x"),
    }
    html = shown("{% clock v %}", v=view)
    assert '<span class="tag late">超 1 日</span>' in html
    assert '<progress class="late" max="100" value="100"' in html
    assert "11 月 20 日受理" in html
    assert shown("{% clock v %}", v=None) == ""


def test_a_figure_without_a_value_says_so():
    assert "尚无数据" in shown("{% figure None '%' %}")
    assert "18,204" in shown("{% figure 18204 'x' %}")


def test_bars_and_lines_are_drawn_without_style_attributes():
    html = shown(
        "{% bars rows 'x' %}{% spark line 'l' %}{% ladder 'trusted' %}",
        rows=[("a", 0), ("b", 4)],
        line=[1, 1, 1],
    )
    assert "style=" not in html
    assert html.count('class="on"') == 3
    assert '<rect width="0.0"' in html
    assert '<rect width="100.0"' in html


@pytest.mark.parametrize(
    "source", ["{% bars rows %}", "{% spark rows %}", "{% timeline rows %}", "{% facts rows %}"]
)
def test_pieces_of_nothing_do_not_break(source):
    assert shown(source, rows=[]) is not None


@pytest.mark.parametrize(
    "source",
    [
        "{% tag x %}",
        "{% seal x x %}",
        "{% icon 'a' x %}",
        "{% notice x '' x %}",
        "{% empty x x %}",
        "{% field 'n' x value=x help=x error=x placeholder=x %}",
        "{% figure x x x x title=x word=x %}",
        "{% facts p %}",
        "{% timeline e %}",
        "{% bars b x x %}",
        "{% drop 'n' x help=x error=x %}",
        "{% errors s %}",
        "{% dialog 'd' x %}{{ x }}{% enddialog %}",
        "{% tabs tt %}",
    ],
)
def test_pieces_escape_what_they_are_given(source):
    evil = '"><script>'
    html = shown(
        source, x=evil, p=[(evil, evil)], e=[{"title": evil, "at": NOON, "note": evil, "who": evil}], b=[(evil, 1)],
        s={"n": evil}, tt=[{"id": evil, "title": evil, "href": evil}],
    )  # fmt: skip
    assert "<script>" not in html


def test_an_empty_basis_is_not_shown():
    assert "依据" not in shown("{% timeline e %}", e=[{"title": "a", "at": NOON, "basis": T("", "")}])


def test_paging_keeps_the_question_and_moves_the_key():
    request = RequestFactory().get("/work/?words=面馆&after=7")
    html = shown("{% pager page %}", request=request, page={"after": "9&x"})
    assert 'href="?words=%E9%9D%A2%E9%A6%86"' in html
    assert 'href="?words=%E9%9D%A2%E9%A6%86&amp;after=9%26x"' in html
    assert shown("{% pager page %}", request=RequestFactory().get("/"), page={"after": ""}).strip() == ""


def test_an_entry_ties_its_hint_and_its_error_to_the_control():
    html = shown("{% field 'phone' 'x' 'tel' help='h' error='e' maxlength=11 private=True %}")
    assert 'aria-describedby="help_phone error_phone"' in html
    assert 'aria-invalid="true"' in html
    assert 'maxlength="11"' in html
    assert "data-private" in html


def test_a_password_is_never_written_back():
    assert "geheim" not in shown("{% field 'p' 'x' 'password' value='geheim' %}")


def test_the_summary_leads_to_each_slip():
    html = shown(
        "{% errors s labels %}", s={"name": T("必填", "Required")}, labels={"name": T("姓名", "Name")}
    )
    assert '<a href="#id_name">姓名：必填</a>' in html


def test_every_light_of_cases_has_a_tone():
    from tongzheng.kernel.cases.api import LIGHTS

    assert set(LIGHTS) <= set(pieces.LIGHTS)


def test_the_icon_set_has_no_doubles():
    names = icons()
    assert len(names) == len(set(names)) >= 40
