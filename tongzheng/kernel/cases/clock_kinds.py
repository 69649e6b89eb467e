"""Time in a case type, as data: clocks, their amounts by rule, the lawful grounds of a standstill, escalation.

Triggers are words: "open"; "move" (a move whose `clock` is "start"); "move:NAME"; "into:STATE"; "out:STATE".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tongzheng.kernel.core.text import T


@dataclass(frozen=True, slots=True)
class Amount:
    """One row of a clock's table of amounts; the first row that fits holds.

    `when`: pairs of an entry of the form and its value, all of which must hold; `region`: a code's beginning; `on`: a
    trigger, for a clock that starts again with another amount; `since` and `until`: for clocks that start from that
    day and before that day. `unit` and `basis`: the row's own, else the clock's.
    """

    amount: int
    when: tuple[tuple[str, str], ...] = ()
    region: str = ""
    on: str = ""
    unit: str = ""
    basis: T | None = None
    invented: bool = False
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """Whom a clock tells once a part of it has gone.

    `at`: the part, 1.0 is the limit itself, 1.5 half as much again. `to`: "handler" (the office while nobody has
    claimed the case), "office" (who may work on it there), "superior" (who leads that office: action "cases.lead"),
    "applicant", or an action: whoever may do that to this case. `level`: how far up from the office, 1 its own
    leaders, 2 those of the body above, and so on. `template`: a message, "" for the engine's own. Told outside quiet
    hours (21:00 to 08:00) unless `urgent`.
    """

    at: float
    to: str
    level: int = 1
    template: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class RunsOut:
    """What becomes of a case whose clock runs out: a move of its table.

    `signed`: a person of the office signs it (the case comes back to their inbox, and the move is possible from then
    on); False lets the platform make the move by itself: only where the law leaves nothing to judge.
    """

    move: str
    basis: T
    signed: bool = True


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground on which a clock may stand still. `statutory`: named by the law, so that statutory clocks stand too."""

    name: str
    title: T
    basis: T
    statutory: bool = True


@dataclass(frozen=True, slots=True)
class Clock:
    """A time limit. `unit`: "working_day", "calendar_day", "hour" (24-hour), "working_hour".

    `amount` is the default; `amounts` are rows that come first, and `open_case` may give another (an item's promised
    days). `basis` says where the limit comes from, `invented` that it is our own default and no published rule.
    `starts`, `stops`, `resets`: a trigger or several. A clock that has stopped starts again from the beginning, one
    that runs is started again only by `resets`; closing the case stops it, and so does a move whose `clock` is "stop".
    `pauses`: the states in which it stands still, None for every state of phase "paused".
    `statutory`: it stands still only on a ground that the law names. `whose`: "office", or "applicant" for time that
    runs against the applicant and is not the office's to keep. `longest`: how much may be added in all, 0 as the move
    says. `soon`: the part of the limit after which the light turns yellow.
    """

    name: str
    title: T
    unit: str
    amount: int
    basis: T
    starts: str | tuple[str, ...] = "open"
    soon: float = 0.7
    invented: bool = False
    amounts: tuple[Amount, ...] = ()
    stops: str | tuple[str, ...] = ()
    resets: str | tuple[str, ...] = ()
    pauses: tuple[str, ...] | None = None
    statutory: bool = False
    whose: str = "office"
    longest: int = 0
    escalations: tuple[Escalation, ...] = ()
    out: RunsOut | None = None


def triggers(given: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return triggers as a tuple, however they were written."""
    return (given,) if isinstance(given, str) else given


_45 = T("《中华人民共和国行政许可法》第四十五条", "Administrative Licensing Law, Art 45")

STATUTORY_GROUNDS = (
    Ground("hearing", T("听证", "Hearing"), _45),
    Ground("bidding", T("招标", "Bidding"), _45),
    Ground("auction", T("拍卖", "Auction"), _45),
    Ground("inspection", T("检验", "Inspection"), _45),
    Ground("testing", T("检测", "Testing"), _45),
    Ground("quarantine", T("检疫", "Quarantine"), _45),
    Ground("appraisal", T("鉴定", "Appraisal"), _45),
    Ground("expert", T("专家评审", "Expert review"), _45),
)
"""The time that the Administrative Licensing Law does not count; how long it takes is told in writing (Art 45)."""
