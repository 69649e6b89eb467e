"""Whether identity is fit: regions there, the three administrators appointed and with second factors."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from tongzheng.kernel.core.health import Check
from tongzheng.kernel.core.text import T

from .actors import roles_declared


def checks() -> Iterator[Check]:
    """Yield the checks of identity."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM identity_region WHERE level = 'village'")
        villages = cursor.fetchone()[0]
        cursor.execute(
            """
            SELECT r.role, count(DISTINCT a.id), count(DISTINCT a.id) FILTER (WHERE a.totp_since IS NULL)
            FROM identity_postholding h
            JOIN identity_post p ON p.id = h.post_id AND p.is_active
            JOIN identity_account a ON a.id = h.account_id AND a.is_active
            CROSS JOIN LATERAL unnest(p.roles) AS r(role)
            WHERE h.until IS NULL AND r.role = ANY(%s) GROUP BY r.role
            """,
            [[id for id, role in roles_declared().items() if role.apart]],
        )
        appointed = {role: (holders, without) for role, holders, without in cursor.fetchall()}
    yield Check(
        "identity.regions",
        T("行政区划", "Regions"),
        villages > 0,
        T(f"{villages} 个村和社区", f"{villages} villages and communities"),
        "ok" if villages else "failed",
    )
    for id, role in roles_declared().items():
        if not role.apart:
            continue
        holders, without = appointed.get(id, (0, 0))
        level = "warning" if not holders or without else "ok"
        yield Check(
            id,
            role.title,
            level == "ok",
            T(
                f"{holders} 个账号，其中 {without} 个未绑定动态口令",
                f"{holders} accounts, {without} of them without one-time codes",
            ),
            level,
        )
