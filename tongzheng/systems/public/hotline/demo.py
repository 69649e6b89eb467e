"""A year of the demo city's hotline: invented callers, told as stories through the services."""

from __future__ import annotations

YEARLY = 14_000
CITY = "141100"
