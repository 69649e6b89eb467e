"""DMN 1.2 to 1.6: safe reading, compiled models, indexed decision tables. Pure: no Django, no database."""

from __future__ import annotations

from .engine import Answer, Model, load
from .reading import read

__all__ = ["Answer", "Model", "load", "read"]
