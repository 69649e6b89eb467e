import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongzheng.systems.public.hotline import rules


def test_every_class_has_three_levels_a_known_office_and_words():
    found = rules.classes()
    assert len(found) == 41
    for code, ticket_class in found.items():
        assert len(code) == 6
        assert ticket_class.office in rules.OFFICES
        assert ticket_class.words


def test_a_cold_radiator_is_a_matter_of_heating_before_all_else():
    likely = rules.suggest("家里暖气不热，室内温度只有十四度", rules.classes().values())
    assert likely[0].code == "010101"
    assert likely[0].office == "heating"


def test_words_that_say_nothing_suggest_nothing():
    assert rules.suggest("您好", rules.classes().values()) == []


@pytest.mark.parametrize(
    ("kind", "urgency", "amount", "unit"),
    [
        ("consult", "normal", 1, "working_day"),
        ("help", "normal", 3, "working_day"),
        ("help", "urgent", 24, "hour"),
        ("suggestion", "normal", 10, "working_day"),
    ],
)
def test_a_limit_is_that_of_the_kind_unless_urgent(kind, urgency, amount, unit):
    fitting = [
        row
        for row in rules.limits()
        if row.clock == "handling" and row.kind in ("", kind) and row.urgency in ("", urgency)
    ]
    assert (fitting[0].amount, fitting[0].unit) == (amount, unit)


def test_rates_of_nothing_are_unknown_and_not_zero():
    assert rules.three_rates(due=0, contacted_in_time=0, called_back=0, solved=0, satisfied=0) == rules.Rates(
        None, None, None
    )


@given(st.integers(1, 1000), st.data())
def test_rates_are_shares(due, data):
    within = st.integers(0, due)
    called = data.draw(st.integers(1, due))
    rates = rules.three_rates(
        due=due,
        contacted_in_time=data.draw(within),
        called_back=called,
        solved=data.draw(st.integers(0, called)),
        satisfied=data.draw(st.integers(0, called)),
    )
    assert all(0 <= rate <= 1 for rate in (rates.response, rates.resolution, rates.satisfaction))
