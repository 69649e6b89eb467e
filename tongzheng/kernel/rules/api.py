"""The door of rules: FEEL expressions and DMN models, compiled once and evaluated often, always within bounds."""

from __future__ import annotations

from .dmn.deciding import decider
from .dmn.engine import Answer, Model, load
from .dmn.tck import run_folder as run_kit
from .feel import Limits, RulesError, evaluate

__all__ = ["Answer", "Limits", "Model", "RulesError", "decider", "evaluate", "load", "run_kit"]
