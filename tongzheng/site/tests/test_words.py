import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from tongzheng.kernel.core.text import T


def shown(source, lang="zh-hans", **values):
    with translation.override(lang):
        return Template(source).render(Context(values))


def test_each_reader_gets_their_language():
    assert shown('{% t "剩 {n} 日" "{n} days left" n=3 %}') == "剩 3 日"
    assert shown('{% t "剩 {n} 日" "{n} days left" n=3 %}', "en") == "3 days left"


def test_a_declared_text_is_shown_and_escaped():
    assert shown("{% t x %}", "en", x=T("甲", "<A>")) == "&lt;A&gt;"
    assert shown("{{ x }}", x=T("<甲>", "A")) == "&lt;甲&gt;"


def test_values_are_escaped_and_literals_may_hold_markup():
    assert shown('{% t "<b>{n}</b>" "<i>{n}</i>" n=x %}', x="<script>") == "<b>&lt;script&gt;</b>"


def test_braces_in_a_value_are_only_text():
    assert shown('{% t "{n}" "{n}" n=x %}', x="{0.__class__}") == "{0.__class__}"


def test_a_text_can_be_kept_for_another_tag():
    assert shown('{% t "搜" "Find" as w %}[{{ w }}]', "en") == "[Find]"


@pytest.mark.parametrize(
    "source", ['{% t "只有中文" %}', '{% t "剩 {n} 日" "left" n=1 %}', '{% t "剩 {n}" "{n}" %}', "{% t %}"]
)
def test_half_a_text_does_not_compile(source):
    with pytest.raises(TemplateSyntaxError):
        Template(source)
