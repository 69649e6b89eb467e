import pytest
from django.utils.translation import override

from tongzheng.kernel.core.text import T, from_json, same


def test_a_text_reads_in_the_language_of_its_reader():
    word = T("派单", "Assign")
    with override("zh-hans"):
        assert str(word) == "派单"
    with override("en"):
        assert str(word) == "Assign"


def test_filling_keeps_both_languages():
    filled = T("剩 {n} {unit}", "{n} {unit} left").fill(n=3, unit=T("日", "days"))
    assert filled == T("剩 3 日", "3 days left")
    with pytest.raises(KeyError):
        T("{n}", "{n}").fill()


def test_a_stored_text_comes_back_and_plain_strings_are_the_same_in_both():
    assert from_json(T("甲", "A").to_json()) == T("甲", "A")
    assert from_json("abc") == same("abc")
    assert from_json(None) == same("")
