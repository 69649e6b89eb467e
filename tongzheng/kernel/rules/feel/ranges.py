"""Built-in functions on ranges, by the table of the specification."""

from __future__ import annotations

from typing import Any

from .functions import feel
from .notes import Run
from .values import Range, equal, order


def _know(run: Run, *pairs: tuple[Any, Any]) -> Any:
    """Return how each pair is ordered, or null when one cannot be."""
    found = []
    for a, b in pairs:
        how = order(a, b)
        if how is None:
            return run.null("两端不能比较", "the ends cannot be compared")
        found.append(how)
    return found


@feel("before", "point1:p, point2:p", returns="b")
def before_points(run: Run, a: Any, b: Any) -> Any:
    how = _know(run, (a, b))
    return how and how[0] < 0


@feel("before", "point:p, range:r", returns="b")
def before_point_range(run: Run, point: Any, span: Range) -> Any:
    how = _know(run, (point, span.start))
    return how and (how[0] < 0 or (how[0] == 0 and not span.start_included))


@feel("before", "range:r, point:p", returns="b")
def before_range_point(run: Run, span: Range, point: Any) -> Any:
    how = _know(run, (span.end, point))
    return how and (how[0] < 0 or (how[0] == 0 and not span.end_included))


@feel("before", "range1:r, range2:r", returns="b")
def before_ranges(run: Run, a: Range, b: Range) -> Any:
    how = _know(run, (a.end, b.start))
    return how and (how[0] < 0 or (how[0] == 0 and not (a.end_included and b.start_included)))


@feel("after", "point1:p, point2:p", returns="b")
def after_points(run: Run, a: Any, b: Any) -> Any:
    return before_points(run, b, a)


@feel("after", "point:p, range:r", returns="b")
def after_point_range(run: Run, point: Any, span: Range) -> Any:
    return before_range_point(run, span, point)


@feel("after", "range:r, point:p", returns="b")
def after_range_point(run: Run, span: Range, point: Any) -> Any:
    return before_point_range(run, point, span)


@feel("after", "range1:r, range2:r", returns="b")
def after_ranges(run: Run, a: Range, b: Range) -> Any:
    return before_ranges(run, b, a)


@feel("meets", "range1:r, range2:r", returns="b")
def meets(run: Run, a: Range, b: Range) -> Any:
    how = _know(run, (a.end, b.start))
    return how and a.end_included and b.start_included and how[0] == 0


@feel("met by", "range1:r, range2:r", returns="b")
def met_by(run: Run, a: Range, b: Range) -> Any:
    return meets(run, b, a)


@feel("overlaps", "range1:r, range2:r", returns="b")
def overlaps(run: Run, a: Range, b: Range) -> Any:
    how = _know(run, (a.end, b.start), (a.start, b.end))
    if how is None:
        return None
    right = how[0] > 0 or (how[0] == 0 and a.end_included and b.start_included)
    left = how[1] < 0 or (how[1] == 0 and a.start_included and b.end_included)
    return right and left


@feel("overlaps before", "range1:r, range2:r", returns="b")
def overlaps_before(run: Run, a: Range, b: Range) -> Any:
    how = _know(run, (a.start, b.start), (a.end, b.start), (a.end, b.end))
    if how is None:
        return None
    begins = how[0] < 0 or (how[0] == 0 and a.start_included and not b.start_included)
    reaches = how[1] > 0 or (how[1] == 0 and a.end_included and b.start_included)
    ends = how[2] < 0 or (how[2] == 0 and (not a.end_included or b.end_included))
    return begins and reaches and ends


@feel("overlaps after", "range1:r, range2:r", returns="b")
def overlaps_after(run: Run, a: Range, b: Range) -> Any:
    how = _know(run, (b.start, a.start), (b.end, a.start), (b.end, a.end))
    if how is None:
        return None
    begins = how[0] < 0 or (how[0] == 0 and b.start_included and not a.start_included)
    reaches = how[1] > 0 or (how[1] == 0 and b.end_included and a.start_included)
    ends = how[2] < 0 or (how[2] == 0 and (not b.end_included or a.end_included))
    return begins and reaches and ends


@feel("finishes", "point:p, range:r", returns="b")
def finishes_point(run: Run, point: Any, span: Range) -> Any:
    how = _know(run, (span.end, point))
    return how and span.end_included and how[0] == 0


@feel("finishes", "range1:r, range2:r", returns="b")
def finishes(run: Run, a: Range, b: Range) -> Any:
    how = _know(run, (a.end, b.end), (a.start, b.start))
    if how is None:
        return None
    same = a.end_included == b.end_included and how[0] == 0
    return same and (how[1] > 0 or (how[1] == 0 and (not a.start_included or b.start_included)))


@feel("finished by", "range:r, point:p", returns="b")
def finished_by_point(run: Run, span: Range, point: Any) -> Any:
    return finishes_point(run, point, span)


@feel("finished by", "range1:r, range2:r", returns="b")
def finished_by(run: Run, a: Range, b: Range) -> Any:
    return finishes(run, b, a)


@feel("includes", "range:r, point:p", returns="b")
def includes_point(run: Run, span: Range, point: Any) -> Any:
    how = _know(run, (span.start, point), (span.end, point))
    if how is None:
        return None
    within = how[0] < 0 < how[1]
    return within or (how[0] == 0 and span.start_included) or (how[1] == 0 and span.end_included)


@feel("includes", "range1:r, range2:r", returns="b")
def includes(run: Run, a: Range, b: Range) -> Any:
    how = _know(run, (a.start, b.start), (a.end, b.end))
    if how is None:
        return None
    left = how[0] < 0 or (how[0] == 0 and (a.start_included or not b.start_included))
    right = how[1] > 0 or (how[1] == 0 and (a.end_included or not b.end_included))
    return left and right


@feel("during", "point:p, range:r", returns="b")
def during_point(run: Run, point: Any, span: Range) -> Any:
    return includes_point(run, span, point)


@feel("during", "range1:r, range2:r", returns="b")
def during(run: Run, a: Range, b: Range) -> Any:
    return includes(run, b, a)


@feel("starts", "point:p, range:r", returns="b")
def starts_point(run: Run, point: Any, span: Range) -> Any:
    how = _know(run, (span.start, point))
    return how and how[0] == 0 and span.start_included


@feel("starts", "range1:r, range2:r", returns="b")
def starts(run: Run, a: Range, b: Range) -> Any:
    how = _know(run, (a.start, b.start), (a.end, b.end))
    if how is None:
        return None
    same = how[0] == 0 and a.start_included == b.start_included
    return same and (how[1] < 0 or (how[1] == 0 and (not a.end_included or b.end_included)))


@feel("started by", "range:r, point:p", returns="b")
def started_by_point(run: Run, span: Range, point: Any) -> Any:
    return starts_point(run, point, span)


@feel("started by", "range1:r, range2:r", returns="b")
def started_by(run: Run, a: Range, b: Range) -> Any:
    return starts(run, b, a)


@feel("coincides", "point1:p, point2:p", returns="b")
def coincides_points(run: Run, a: Any, b: Any) -> Any:
    how = _know(run, (a, b))
    return how and how[0] == 0


@feel("coincides", "range1:r, range2:r", returns="b")
def coincides(run: Run, a: Range, b: Range) -> Any:
    if _know(run, (a.start, b.start), (a.end, b.end)) is None:
        return None
    return equal(a, b)
