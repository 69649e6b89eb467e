"""Specimens for the living page of pieces."""

from __future__ import annotations

from django.http import HttpRequest


def specimens(request: HttpRequest) -> dict[str, object]:
    """Return what the living page shows."""
    return {}
