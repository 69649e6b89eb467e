import pytest

from tongzheng.site.languages import faults, faults_in


def test_every_template_of_the_house_has_both_languages():
    assert faults() == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>没有译文</p>",
        "<p>no Chinese here</p>",
        '<input placeholder="姓名">',
        '<button aria-label="Close it"></button>',
        '{% empty "没有待办" %}',
        '{{ "没有" }}',
        '{% t "只有中文" %}',
        '{% if a %}<b title="x yz">{% endif %}',
    ],
)
def test_words_in_one_language_are_found(source):
    assert len(faults_in(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        '<p>{% t "有" "Some" %} 12 · {{ name }}</p>',
        '{% comment %}说明{% endcomment %}<p class="lead quiet" data-key="d">{# 说明 #}</p>',
        '<span lang="en">English</span><code>--paper</code><p translate="no">PDF</p>',
        '{% if a %} maxlength="{{ a }}"{% endif %} required',
        "{% block face %}hub{% endblock %}<b>CSV / XLSX</b>",
        '{% t "搜" "Find" as w %}{% icon "search" w %}',
        '<p title="{% t "搜" "Find" %}">—</p><svg><title>x</title></svg>',
    ],
)
def test_words_in_both_languages_and_words_of_neither_pass(source):
    assert faults_in(source) == []


def test_the_line_is_named():
    assert faults_in("<p>\n\n没有</p>")[0][0] == 3
