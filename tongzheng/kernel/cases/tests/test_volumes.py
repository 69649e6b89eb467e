from datetime import timedelta

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.core import clock

from .conftest import MORNING


def test_cases_are_counted_by_the_day_of_china_on_which_they_were_opened(city, django_assert_num_queries):
    def opened(days_ago, hour):
        with clock.at(MORNING.replace(hour=hour, minute=30) - timedelta(days=days_ago)):
            cases.open_case(
                "casetest.repair",
                actor=city.agent,
                title="供暖",
                facts={"place": "滨河北路"},
                region="141102",
                organisation=city.bureau,
            )

    for days_ago, hour in ((0, 0), (2, 23), (2, 1), (40, 12)):
        opened(days_ago, hour)
    with clock.at(MORNING.replace(hour=23)), django_assert_num_queries(1):
        found = cases.volumes(days=3)
    assert found == {"casetest.repair": (2, 0, 1)}
