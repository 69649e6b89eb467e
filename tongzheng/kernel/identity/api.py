"""The door of identity: who people and bodies are, and who may do what where."""

from __future__ import annotations

from .actors import actor_of, may, reach, require, who_may
from .views import (
    NOBODY,
    SYSTEM,
    AccountView,
    Actor,
    Grantee,
    OrganisationView,
    PersonView,
    PostView,
    Reach,
    RegionView,
    Verdict,
)

__all__ = [
    "NOBODY",
    "SYSTEM",
    "AccountView",
    "Actor",
    "Grantee",
    "OrganisationView",
    "PersonView",
    "PostView",
    "Reach",
    "RegionView",
    "Verdict",
    "actor_of",
    "may",
    "reach",
    "require",
    "who_may",
]
