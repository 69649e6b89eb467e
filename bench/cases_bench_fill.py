"""Migrates and fills the database of DATABASE_URL with so many cases: python -m bench.cases_bench_fill ROWS."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongzheng.site.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from bench.cases_fill import fill
    from bench.cases_type import TICKET, TYPE, declare, offices
    from tongzheng.kernel.core import clock

    call_command("migrate", verbosity=0)
    declare()
    fill(
        os.environ["DATABASE_URL"], TICKET, TYPE, rows=int(sys.argv[1]), until=clock.now(), offices=offices()
    )
