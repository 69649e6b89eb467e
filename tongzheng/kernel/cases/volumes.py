"""How many cases are opened day by day, for whoever watches the whole: no case, no person, only numbers."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from tongzheng.kernel.core import clock

from . import sql


def volumes(*, days: int = 30) -> dict[str, tuple[int, ...]]:
    """Return the number of cases opened on each of the last `days` days (1 to 400), oldest first, by type id.

    Cost grows with the cases of these days, not with all that were ever opened.
    """
    days = max(1, min(days, 400))
    first = clock.today() - timedelta(days=days - 1)
    since = datetime.combine(first, time.min, clock.CHINA)
    found: dict[str, list[int]] = {}
    for type_id, day, number in sql.rows(
        "SELECT type_id, (opened_at AT TIME ZONE 'Asia/Shanghai')::date, count(*) FROM cases_case"
        " WHERE opened_at >= %s GROUP BY 1, 2",
        (since,),
    ):
        place = (day - first).days
        if place < days:
            found.setdefault(type_id, [0] * days)[place] = number
    return {type_id: tuple(numbers) for type_id, numbers in found.items()}
