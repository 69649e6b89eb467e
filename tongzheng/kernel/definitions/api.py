"""The door of definitions: drafts, publication by a second person, versions that last, what is in force."""

from __future__ import annotations

from .deciding import decide, rehearse, roll_back
from .drafting import begin, drop, propose, save, withdraw
from .reading import compare, forget, history, in_force, look, overview, standing, version
from .views import Change, Comparison, DefinitionView, History, Page, Row, Standing, VersionView

__all__ = [
    "Change",
    "Comparison",
    "DefinitionView",
    "History",
    "Page",
    "Row",
    "Standing",
    "VersionView",
    "begin",
    "compare",
    "decide",
    "drop",
    "forget",
    "history",
    "in_force",
    "look",
    "overview",
    "propose",
    "rehearse",
    "roll_back",
    "save",
    "standing",
    "version",
    "withdraw",
]
