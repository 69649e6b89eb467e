"""What a system declares about its cases: states, the table of moves, clocks and forms.

The table is meant to be read by an official: every move says from where to where, who may make it,
on which legal basis, what it does to the clock and who holds the case afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tongzheng.kernel.core.text import T

APPLICANT = "@applicant"
"""As `Move.by`: the person who opened the case or for whom it was opened, and nobody else."""

SYSTEM = "@system"
"""As `Move.by`: the platform itself (a clock, a reaction); no person can make this move."""


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of a form.

    `kind`: text, long, integer, decimal, money, date, choice, choices, bool, id_number, uscc, phone, email,
    region, place (address with optional lon/lat), organisation, file, files.
    `personal` values are kept sealed, shown masked and revealed only with a purpose.
    `when` is ("other_field", value): asked only if the other field has that value.
    `prefill` names what the platform already knows: person.name, person.id_number, person.phone,
    person.address, enterprise.name, enterprise.uscc.
    """

    name: str
    title: T
    kind: str = "text"
    required: bool = True
    help: T | None = None
    choices: tuple[tuple[str, T], ...] = ()
    max_length: int = 200
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    pattern_words: T | None = None
    personal: bool = False
    when: tuple[str, str] | None = None
    prefill: str = ""
    basis: str = ""
    accept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """Where a case can stand. `phase`: "open", "paused" (the clock stands still), "closed"."""

    name: str
    title: T
    phase: str = "open"
    public: T | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table of moves.

    `source` states it leaves; `target` state it reaches ("" stays). `by`: an action id, APPLICANT or SYSTEM.
    `basis`: the legal basis shown to everyone. `to` who holds the case afterwards: "same" organisation,
    "chosen" (the mover picks organisation and perhaps person), "opener" (the organisation that opened it),
    "previous" (who held it before), "applicant", "nobody".
    `claims`: the mover becomes the handler. `note`: "none", "optional", "required".
    `clock`: "", "start", "pause", "resume", "stop", "extend" (asks for `days`, up to `extend_limit`).
    `once`: at most once in a case. `tells`: message template ids sent to the applicant.
    `document`: title of the numbered document that the move issues. `separate`: may not be made by the same
    person who made the last move (four eyes).
    """

    name: str
    title: T
    source: tuple[str, ...]
    target: str
    by: str
    basis: T
    to: str = "same"
    claims: bool = False
    note: str = "optional"
    clock: str = ""
    extend_limit: int = 0
    once: bool = False
    fields: tuple[Field, ...] = ()
    tells: tuple[str, ...] = ()
    document: T | None = None
    separate: bool = False
    key: str = ""
    tone: str = "plain"
    help: T | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A time limit. `unit`: "working_day", "calendar_day", "hour" (24-hour), "working_hour".

    `amount` is the default; `open_case` may give another (an item's promised days). `basis` says where the
    limit comes from, `invented` that it is our own default and no published rule.
    `starts`: "open" (with the case) or "move" (by a move with clock="start").
    `soon`: the part of the limit after which the light turns yellow.
    """

    name: str
    title: T
    unit: str
    amount: int
    basis: T
    starts: str = "open"
    soon: float = 0.7
    invented: bool = False


@dataclass(frozen=True, slots=True)
class CaseType:
    """A kind of case: its states, moves, clock and form; its id is "slug.name".

    `opens` and `reads` are action ids (an action that is `open_to` citizens lets them open their own matter).
    `prefix` begins the case numbers, `paper` the numbers of documents ("吕审", default the prefix). `tells` and
    `document`: the messages sent and the document issued when a case is opened. `public`: its progress can be
    followed with number and query code. `anonymous`: may be opened without signing in. `review`: once closed, its
    applicant can review how it was handled, in five levels, once (好差评).
    """

    name: str
    title: T
    prefix: str
    start: str
    states: tuple[State, ...]
    moves: tuple[Move, ...]
    opens: str
    reads: str
    basis: T
    clock: Clock | None = None
    fields: tuple[Field, ...] = ()
    facts: tuple[str, ...] = field(default=())
    anonymous: bool = False
    public: bool = True
    retention_years: int = 10
    tells: tuple[str, ...] = ()
    document: T | None = None
    paper: str = ""
    review: bool = False

    def state(self, name: str) -> State:
        """Return the state of that name; raises KeyError."""
        for state in self.states:
            if state.name == name:
                return state
        raise KeyError(f"{self.name} has no state {name}")

    def move(self, name: str) -> Move:
        """Return the move of that name; raises KeyError."""
        for move in self.moves:
            if move.name == name:
                return move
        raise KeyError(f"{self.name} has no move {name}")
