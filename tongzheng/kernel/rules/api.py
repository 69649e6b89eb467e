"""The door of rules: decisions that officials keep, and FEEL and DMN themselves, always within bounds.

`decide`, `keep` and `decisions` use the versions that the engine of definitions keeps; the other functions are pure.
"""

from __future__ import annotations

from .deciding import Decided, decide, decisions, keep
from .dmn.deciding import decider
from .dmn.engine import Answer, Model, load
from .dmn.tck import run_folder as run_kit
from .feel import Limits, RulesError, evaluate

__all__ = [
    "Answer",
    "Decided",
    "Limits",
    "Model",
    "RulesError",
    "decide",
    "decider",
    "decisions",
    "evaluate",
    "keep",
    "load",
    "run_kit",
]
