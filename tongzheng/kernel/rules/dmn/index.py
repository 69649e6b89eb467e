"""A column of a table as an index: value → bit mask of the rows whose cell it passes.

The ends of all stretches of one class cut its values into segments; the mask of each is worked out once. Looking up is
one bisection, or one look into a dict where only single values are named. Rows whose cells must be evaluated are in no
mask; the table tests them one by one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from ..feel.temporal import Date, Months, Span
from ..feel.values import MATH
from .constants import Cell

Look = Callable[[Any], int]
PLAIN = frozenset([int, float, Decimal, str, bool, Date, Months, Span])
"""The classes that can be looked up as they come."""


class Uncommon(Exception):
    """A value is of a class that was not expected; it takes the long way."""


class Column:
    """The index of one column. `look` takes a FEEL value, or a plain int or float, and gives the mask."""

    def __init__(self, cells: Sequence[Cell | None]) -> None:
        self.evaluated = 0
        """The rows whose cells must be evaluated."""
        self.always = 0
        self.any_value = 0
        """The rows that every value but null passes."""
        classes: set[type] = set()
        for row, cell in enumerate(cells):
            if cell is None:
                self.evaluated |= 1 << row
            elif cell.anything:
                self.always |= 1 << row
            else:
                classes |= {stretch.of for stretch in cell.stretches}
                if cell.none_of and not cell.stretches and all(other is None for other in cell.others):
                    self.any_value |= 1 << row
        self.any_value |= self.always
        self.null = self._single(cells, None)
        self.true = self._single(cells, True)
        self.false = self._single(cells, False)
        looks = {kind: self._look(cells, kind) for kind in classes}
        self._whole = _whole_numbers(looks[Decimal]) if Decimal in looks else None
        self._looks = looks
        self.look = self.looker(None)

    def _single(self, cells: Sequence[Cell | None], value: Any) -> int:
        """Return the mask of null, true or false."""
        mask = self.always
        for row, cell in enumerate(cells):
            if cell is None or cell.anything:
                continue
            met = any(value is other for other in cell.others)
            if cell.none_of:
                # A test that cannot be answered is null, and not(null) is no match.
                if value is None:
                    answered = all(stretch.low == stretch.high for stretch in cell.stretches)
                else:
                    answered = not cell.stretches
                met = answered and not met
            mask |= met << row
        return mask

    def _look(self, cells: Sequence[Cell | None], kind: type) -> _Segments:
        ends = {
            end for cell in cells if cell for s in cell.stretches if s.of is kind for end in (s.low, s.high)
        }
        found = _Segments(sorted(end for end in ends if end is not None), self.always)
        for row, cell in enumerate(cells):
            if cell is None or cell.anything:
                continue
            spans = [found.span(s.low, s.high, s.low_in, s.high_in) for s in cell.stretches if s.of is kind]
            if cell.none_of:
                mixed = len(spans) < len(cell.stretches) or any(other is not None for other in cell.others)
                spans = [] if mixed else found.rest(spans)
            for first, last in _merged(spans):
                found.toggle(first, last, 1 << row)
        found.close()
        return found

    def looker(self, expected: frozenset[type] | None) -> Look:
        """Return the function that looks a value up, its usual class first.

        It raises Uncommon for a value of a class that is not expected.
        """
        looks, always, null, true, false = self._looks, self.any_value, self.null, self.true, self.false
        other = {kind: look.look for kind, look in looks.items()}
        whole = self._whole

        def slow(value: Any) -> int:
            if value is None:
                return null
            if value is True or value is False:
                if expected is not None and bool not in expected:
                    raise Uncommon
                return true if value else false
            if expected is not None and (type(value) not in expected or value != value):
                raise Uncommon
            if isinstance(value, int | float):
                value = MATH.create_decimal(repr(value))
            find = other.get(type(value))
            return find(value) if find is not None else always

        if len(looks) == 1 and str in looks and (table := looks[str].table) is not None:
            default = looks[str].masks[0]

            def look_text(value: Any) -> int:
                return table.get(value, default) if type(value) is str else slow(value)

            return look_text
        if whole is not None:
            cuts, masks = whole

            def look_number(value: Any) -> int:
                return masks[bisect_right(cuts, value)] if type(value) is int else slow(value)

            return look_number
        return slow


class _Segments:
    """Values of one class, cut at points: segment 2i+1 is the point i, 2i what lies before it."""

    def __init__(self, points: list[Any], always: int) -> None:
        self.points = points
        self.masks = [0] * (2 * len(points) + 2)
        self.always = always
        self.table: dict[Any, int] | None = None

    def span(self, low: Any, high: Any, low_in: bool, high_in: bool) -> tuple[int, int]:
        first = 0 if low is None else 2 * bisect_left(self.points, low) + (1 if low_in else 2)
        last = (
            2 * len(self.points)
            if high is None
            else 2 * bisect_left(self.points, high) + (1 if high_in else 0)
        )
        return first, last

    def rest(self, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return the segments that are in none of the spans."""
        found, begin = [], 0
        for first, last in _merged(spans):
            found.append((begin, first - 1))
            begin = last + 1
        return [*found, (begin, 2 * len(self.points))]

    def toggle(self, first: int, last: int, bit: int) -> None:
        if first <= last:
            self.masks[first] ^= bit
            self.masks[last + 1] ^= bit

    def close(self) -> None:
        mask = 0
        for number, change in enumerate(self.masks):
            mask ^= change
            self.masks[number] = mask | self.always
        if len(set(self.masks[0:-1:2])) == 1:
            self.table = {point: self.masks[2 * number + 1] for number, point in enumerate(self.points)}

    def look(self, value: Any) -> int:
        if self.table is not None:
            return self.table.get(value, self.masks[0])
        place = bisect_left(self.points, value)
        if place < len(self.points) and self.points[place] == value:
            return self.masks[2 * place + 1]
        return self.masks[2 * place]


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans that do not overlap, in order."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(span for span in spans if span[0] <= span[1]):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


def _whole_numbers(segments: _Segments) -> tuple[list[int], list[int]] | None:
    """Return cuts and masks for Python's whole numbers, compared without becoming decimals."""
    if any(abs(point) >= 10**15 for point in segments.points):
        return None
    cuts: set[int] = set()
    for point in segments.points:
        floor = int(point.to_integral_value(rounding="ROUND_FLOOR"))
        cuts |= {floor, floor + 1}
    ordered = sorted(cuts)
    below = segments.look(Decimal(ordered[0] - 1)) if ordered else segments.masks[0]
    return ordered, [below, *(segments.look(Decimal(cut)) for cut in ordered)]
