"""Names of regions and organisations for forms, asked of identity when an entry needs them."""

from __future__ import annotations

from tongzheng.kernel.identity import api as identity


class Places:
    """Knows whether a region or an organisation exists, and its name."""

    def region_name(self, code: str) -> str | None:
        """Return the name of a region, or None."""
        found = identity.region(code)
        return found.name if found else None

    def organisation_name(self, id: int) -> str | None:
        """Return the name of an organisation, or None."""
        found = identity.organisation(id) if 0 < id < 2**63 else None
        return found.name if found else None


PLACES = Places()
