"""What a system declares about its cases: states, the table of moves, clocks and forms.

The table is meant to be read by an official: every move says from where to where, who may make it,
on which legal basis, what it does to the clock and who holds the case afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from tongzheng.kernel.core.text import T

from .clock_kinds import STATUTORY_GROUNDS, Amount, Clock, Escalation, Ground, RunsOut, triggers

__all__ = [
    "APPLICANT",
    "STATUTORY_GROUNDS",
    "SYSTEM",
    "Amount",
    "CaseType",
    "Clock",
    "Escalation",
    "Field",
    "Ground",
    "Move",
    "RunsOut",
    "State",
    "triggers",
]

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
    `when` is ("other_field", value): asked only if the other field has that value. `hide` is a FEEL expression over the
    other fields' values: not asked when it is true.
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
    hide: str = ""


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
    "previous" (who held it before), "applicant", "nobody", "adjudicator" (a third party, see `Objection`).
    `claims`: the mover becomes the handler. `note`: "none", "optional", "required".
    `clock`: "", "start", "pause", "resume", "stop", "extend" (asks for `days`, up to `extend_limit`), or in two steps by
    two people: "ask" (asks for `days` and keeps the request), then "allow" or "deny" by somebody else.
    `clocks`: which it concerns, by name; none named: all for "stop", else the type's first.
    `grounds`: on what ground the clock may stand still; the move asks which, and how long was announced in writing.
    `after`: only once the clock of that name has run out. `within`: (amount, unit), only so long after the closing.
    `backdates`: the clocks that it starts count from the opening of the case.
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
    clocks: tuple[str, ...] = ()
    grounds: tuple[Ground, ...] = ()
    after: str = ""
    within: tuple[int, str] | None = None
    backdates: bool = False

    @property
    def form(self) -> tuple[Field, ...]:
        """All entries of the move's own form: the ground of a standstill first, where it needs one."""
        return (*_ground_entries(self.grounds), *self.fields) if self.grounds else self.fields


@lru_cache(maxsize=256)
def _ground_entries(grounds: tuple[Ground, ...]) -> tuple[Field, ...]:
    told = T(
        "已书面告知申请人的时间，到期提醒经办人",
        "As told to the applicant in writing; the handler is reminded",
    )
    choices = tuple((ground.name, ground.title) for ground in grounds)
    return (
        Field("ground", T("停止计时的理由", "Ground of the standstill"), "choice", choices=choices),
        Field("announced", T("所需日数", "Days it will take"), "integer", minimum=1, maximum=365, help=told),
    )


@dataclass(frozen=True, slots=True)
class Merging:
    """Cases about one matter handled as one: a leading case takes members, each of which stays a case of its own.

    `by`: the action, asked for every case. `states`: where a case can become a member; `leads`: where a case can
    take members (default: the same). `shares`: the leader's moves that are made for every member with it, in one
    transaction; they hand to the same body, the opener or nobody, and touch no clock except to stop it. `own`: moves
    that a member still makes by itself, such as a call-back; what its applicant does is always its own. `most`:
    members of one leader. `tells`: message template ids sent to the applicant of each new member.
    """

    by: str
    states: tuple[str, ...]
    shares: tuple[str, ...]
    basis: T
    leads: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    most: int = 500
    tells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subtask:
    """A piece of the work that the body in charge gives to other bodies, such as an opinion; several run on one clock.

    `states`: where it can be asked for. `by`: the action of who asks, for the body that holds the case; `does`: the
    action of who answers, for the assisting body. `amount` in `unit`: its own limit, which ends with the case's at
    the latest. `order`: "parallel" or "sequential" (each begins when the one before is done). `answers`: the
    conclusions to choose from; `fields`: more that the answer asks. `blocks`: moves that cannot be made before every
    required answer is in. `silence`: the answer that silence counts as once the time has run out; "": it never
    counts, the case waits. `sees`: names of the entries of the case's form that an assisting body sees; "*" all that are not
    personal.
    """

    name: str
    title: T
    states: tuple[str, ...]
    by: str
    does: str
    basis: T
    amount: int
    answers: tuple[tuple[str, T], ...]
    unit: str = "working_day"
    order: str = "parallel"
    fields: tuple[Field, ...] = ()
    blocks: tuple[str, ...] = ()
    silence: str = ""
    sees: tuple[str, ...] = ()
    invented: bool = False


@dataclass(frozen=True, slots=True)
class Objection:
    """A body says that a case is not its own, and a third party rules.

    `move`: the move by which it objects (to="adjudicator"); `ruling`: the move by which the third party decides who
    handles the case (to="chosen"). Who rules is neither the body that objects nor the one that sent it the case.
    `within` in `unit`: how long after it was given the case a body may object. `ground` and `ruled_by`: names of the
    entries, in the form of the move and of the ruling, for the ground and the basis. `amount` in `unit`: the time for the ruling.
    `again`: a second objection in one case is heard; otherwise the ruling binds.
    """

    move: str
    ruling: str
    within: int
    amount: int
    basis: T
    unit: str = "working_day"
    ground: str = "ground"
    ruled_by: str = "basis"
    again: bool = False
    invented: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a checklist: in which states it is asked, which moves cannot be made before it is ticked, why."""

    name: str
    title: T
    states: tuple[str, ...]
    basis: T
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseType:
    """A kind of case: its states, moves, clock and form; its id is "slug.name".

    `opens` and `reads` are action ids (an action that is `open_to` citizens lets them open their own matter).
    `prefix` begins the case numbers, `paper` the numbers of documents ("吕审", default the prefix). `tells` and
    `document`: the messages sent and the document issued when a case is opened. `public`: its progress can be
    followed with number and query code. `anonymous`: may be opened without signing in. `review`: once closed, its
    applicant can review how it was handled, in five levels, once (好差评). `clock` is the limit that everyone watches,
    `clocks` are the others. `urge`: its applicant may urge it, once a day. `merging`, `subtasks`, `objection` and
    `checklist`: how work is done together on such a case. `retention_years`: how long after closing personal data
    is kept.
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
    merging: Merging | None = None
    subtasks: tuple[Subtask, ...] = ()
    objection: Objection | None = None
    checklist: tuple[Check, ...] = ()
    clocks: tuple[Clock, ...] = ()
    urge: bool = True

    @property
    def limits(self) -> tuple[Clock, ...]:
        """All its clocks, the one that everyone watches first."""
        return (self.clock, *self.clocks) if self.clock else self.clocks

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
