from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongzheng.kernel.core import codes

TODAY = date(2026, 11, 23)


def test_the_example_id_of_the_standard_is_good_in_either_case():
    assert codes.id_slip("11010519491231002X", today=TODAY) is None
    assert codes.id_slip("11010519491231002x", today=TODAY) is None


@pytest.mark.parametrize(
    ("number", "slip"),
    [
        ("110105194912310021", "check"),
        ("11010519491331002X", "date"),
        ("11010530491231002X", "date"),
        ("1101051949123100", "shape"),
        ("1101051949123100２X", "shape"),
        ("", "shape"),
    ],
)
def test_a_bad_id_says_what_is_wrong(number, slip):
    assert codes.id_slip(number, today=TODAY) == slip


@pytest.mark.parametrize(
    "code", ["11100000000013338W", "11430000006122244L", "11330105002500287C", "11110000000021135M"]
)
def test_published_credit_codes_are_good(code):
    assert codes.uscc_slip(code) is None
    assert codes.organisation_check(code[8:16]) == code[16]


@given(st.integers(0, 16), st.integers(1, 9))
def test_any_one_changed_digit_of_an_id_is_found(place, shift):
    good = "11010519491231002X"
    bad = good[:place] + str((int(good[place]) + shift) % 10) + good[place + 1 :]
    assert codes.id_slip(bad, today=TODAY) is not None


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8))
def test_an_invented_credit_code_is_good_and_its_neighbour_is_not(serial):
    code = codes.make_uscc("91", "141100", serial)
    assert codes.uscc_slip(code) is None
    other = "0" if code[8] != "0" else "1"
    assert codes.uscc_slip(code[:8] + other + code[9:]) == "check"


def test_a_city_holds_its_counties_and_villages_and_nothing_else():
    assert codes.region_holds("141100", "141102001001")
    assert codes.region_holds("141102", "141102001")
    assert codes.region_holds("140000", "141100")
    assert not codes.region_holds("141102", "141100")
    assert not codes.region_holds("141102", "141121")


def test_masks_leave_only_what_is_needed_to_recognise():
    assert codes.masked_name("张三丰") == "张＊＊"
    assert codes.masked_id("11010519491231002X") == "1101············2X"
    assert codes.masked_phone("13812342206") == "138····2206"
