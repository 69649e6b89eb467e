from __future__ import annotations

import pytest

from tongzheng.kernel.core.errors import Invalid
from tongzheng.kernel.identity import api
from tongzheng.kernel.identity.models import Region
from tongzheng.kernel.identity.places import known_region, latin_name

pytestmark = pytest.mark.django_db


def test_the_city_has_all_its_regions_after_migrating():
    count = Region.objects.filter
    assert count(level="city").count() == 1
    assert count(level="county").count() == 13
    assert count(level="township", park=False).count() == 151
    assert count(level="township", park=True).count() == 3
    assert count(level="village").count() == 2456
    assert Region.objects.count() == 1 + 1 + 13 + 154 + 2456


def test_every_region_lies_in_its_parent():
    codes = set(Region.objects.values_list("code", flat=True))
    orphans = [r.code for r in Region.objects.exclude(parent="") if r.parent not in codes]
    assert orphans == []


def test_loading_again_changes_nothing():
    assert api.load_regions() == 0


def test_loading_mends_a_name_and_brings_back_what_is_gone():
    Region.objects.filter(code="141102").update(name="离石")
    Region.objects.filter(code="141121").delete()
    assert api.load_regions() == 2
    assert api.region("141102").name == "离石区"


def test_a_region_is_found_by_name_pinyin_initials_and_code():
    for words in ("离石", "lishiq", "lsq", "141102", "Lishi D"):
        assert "141102" in [r.code for r in api.regions(words=words, level="county")], words
    assert api.regions(words="100%") == ()
    assert api.regions(words="\0") != ()


def test_regions_beneath_come_in_order():
    assert [r.code for r in api.regions(parent="141102", limit=3)] == ["141102001", "141102002", "141102003"]


def test_regions_of_many_codes_come_in_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        found = api.regions(codes=["141181", "141102", "999999"])
    assert [r.code for r in found] == ["141102", "141181"]
    assert api.regions(codes=[]) == ()


def test_the_path_of_a_village_goes_down_from_the_province(django_assert_num_queries):
    with django_assert_num_queries(1):
        path = api.region_path("141102001001")
    assert [r.name for r in path] == ["山西省", "吕梁市", "离石区", "滨河街道", "东关社区居委会"]


@pytest.mark.parametrize(
    ("name", "english"),
    [
        ("滨河街道", "Binhe Subdistrict"),
        ("信义镇", "Xinyi Town"),
        ("枣林乡", "Zaolin Township"),
        ("东关社区居委会", "Dongguan Community"),
        ("东南村村委", "Dongnan Village"),
    ],
)
def test_townships_and_villages_have_english_names(name, english):
    assert latin_name(name) == english


def test_an_unknown_region_is_named():
    with pytest.raises(Invalid) as refused:
        known_region("999999")
    assert refused.value.fields["region"].en == "There is no region 999999"
