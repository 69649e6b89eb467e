"""Migrates and fills the database of DATABASE_URL with so many cases and as many rows of a register: python -m bench.cases_bench_fill ROWS."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongzheng.site.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from bench import registers_pages
    from bench.cases_fill import fill
    from bench.cases_type import TICKET, TYPE, declare, enter_people, offices
    from tongzheng.kernel.core import clock

    call_command("migrate", verbosity=0)
    declare()
    bodies = offices()
    enter_people(bodies)
    url, rows = os.environ["DATABASE_URL"], int(sys.argv[1])
    fill(url, TICKET, TYPE, rows=rows, until=clock.now(), offices=bodies)
    registers_pages.make()
    registers_pages.fill(url, rows)
