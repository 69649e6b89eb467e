"""What a run may use, what it tells, and the two ways in which it ends early. Words are in both languages."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a model: an element, and the cell of its table, counted from 1; row 0 is the head."""

    element: str = ""
    row: int = -1
    column: int = -1
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that an evaluation or a reading has to say: why a value is null, and where."""

    zh: str
    en: str
    place: Place = Place()
    at: int = -1

    def put(self, place: Place) -> Note:
        """Return the note with its place named, unless a nearer one is named already."""
        return self if self.place.element else replace(self, place=place)

    def words(self) -> tuple[str, str]:
        """Return what it says with its place, in Chinese and in English."""
        if not self.place.element:
            return self.zh, self.en
        return f"{self.place.zh}：{self.zh}", f"{self.place.en}: {self.en}"

    def __str__(self) -> str:
        return self.words()[1]


class RulesError(Exception):
    """What this package raises, whatever it is given; `note` has the words."""

    def __init__(self, zh: str, en: str, *, place: Place = Place(), at: int = -1) -> None:
        self.note = Note(zh, en, place, at)
        super().__init__(en)

    def put(self, place: Place) -> RulesError:
        """Name the place, unless a nearer one is named, and return the error to be raised again."""
        self.note = self.note.put(place)
        return self

    def __str__(self) -> str:
        return str(self.note)


class NotFeel(RulesError):
    """A text is not an expression; `note.at` is the offset of the offending character."""


class BadModel(RulesError):
    """A model cannot be read or contradicts itself."""


class Exhausted(RulesError):
    """An evaluation asked for more steps, time, depth or room than it is given."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one evaluation. Seconds are wall time."""

    steps: int = 500_000
    seconds: float = 2.0
    depth: int = 60
    items: int = 100_000
    characters: int = 1_000_000
    notes: int = 100


DEFAULT = Limits()


@dataclass(slots=True)
class Run:
    """One evaluation: what it has used, what it has to say, and what the time is."""

    limits: Limits = DEFAULT
    now: Any = None
    notes: list[Note] = field(default_factory=list)
    place: Place = Place()
    steps: int = 0
    depth: int = 0
    _look: int = 0
    _until: float = 0.0

    def __post_init__(self) -> None:
        self._until = time.monotonic() + self.limits.seconds
        self._look = 1000

    def tick(self, steps: int = 1) -> None:
        """Count steps. Raises Exhausted when steps or time are used up."""
        self.steps += steps
        if self.steps >= self._look:
            self._look = self.steps + 1000
            if self.steps > self.limits.steps:
                raise Exhausted("求值步数超出上限", "the evaluation takes too many steps")
            if time.monotonic() > self._until:
                raise Exhausted("求值超时", "the evaluation takes too long")

    def left(self) -> float:
        """Return the seconds that are left."""
        return max(0.0, self._until - time.monotonic())

    def sized(self, items: int) -> None:
        """Count the making of a list. Raises Exhausted when it is too long."""
        if items > self.limits.items:
            raise Exhausted("列表过长", "a list grows too long")
        self.tick(1 + items // 8)

    def lettered(self, characters: int) -> None:
        """Count the making of a text. Raises Exhausted when it is too long."""
        if characters > self.limits.characters:
            raise Exhausted("文本过长", "a text grows too long")
        self.tick(1 + characters // 64)

    def enter(self) -> None:
        """Go one call deeper. Raises Exhausted when it is too deep."""
        self.depth += 1
        self.tick()
        if self.depth > self.limits.depth:
            raise Exhausted("调用层次过深", "calls are nested too deep")

    def null(self, zh: str, en: str) -> Any:
        """Record why a value is null, and return null."""
        if len(self.notes) < self.limits.notes:
            self.notes.append(Note(zh, en, self.place))
        return None
