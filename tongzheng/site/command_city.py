"""Verbs that run the city: up, demo, worker, migrate."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from importlib import import_module
from pathlib import Path

from tongzheng.kernel.core.demo import read_progress
from tongzheng.site import place
from tongzheng.site.supervisor import Plan, Supervisor
from tongzheng.site.words import chinese, say, told


def start_django() -> None:
    """Load the settings and all packages; DATABASE_URL must be set by now if it is going to be."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongzheng.site.settings")
    import django
    from django.utils import translation

    django.setup()
    translation.activate("zh-hans" if chinese() else "en")


def _plan(chosen: argparse.Namespace) -> Plan:
    return Plan(
        data=place.data_folder(), port=chosen.port, bind=chosen.bind, workers=chosen.workers, log=chosen.log
    )


def up(chosen: argparse.Namespace) -> None:
    """Start the city and keep it running until Ctrl-C or SIGTERM."""
    Supervisor(_plan(chosen)).run()


def demo(chosen: argparse.Namespace) -> None:
    """Start the city, load the demo year in the background and print who can sign in."""
    plan = _plan(chosen)
    os.environ["TONGZHENG_DEMO"] = "1"
    plan.log = plan.log or plan.data / "logs" / "city.log"
    password = demo_password(plan.data)
    loader = [sys.executable, "-m", "tongzheng.site.command", "load-demo", "--size", str(chosen.size)]
    loaded = read_progress(plan.data)
    if not (loaded and loaded["finished"]):
        plan.extra["demo"] = loader
    _Demo(plan, password).run()


class _Demo(Supervisor):
    def __init__(self, plan: Plan, password: str) -> None:
        super().__init__(plan)
        self.password, self.told, self.since = password, "", 0.0

    def prepared(self) -> bool:
        """Tell whether there is nothing to do: the tables are up to date and the accounts are written down."""
        return len((self.plan.data / "demo-accounts.txt").read_text().splitlines()) > 1 and super().prepared()

    def ready(self, seconds: float) -> None:
        super().ready(seconds)
        address, path = self.plan.address, self.plan.data / "demo-accounts.txt"
        for there, zh, en in (
            ("", "门户", "portal"),
            ("work/", "工作台", "workbench"),
            ("hub/", "枢纽", "hub"),
        ):
            print(f"  {told(zh, en):<10} {address}{there}")
        say("  演示账号：", "  demo accounts:")
        for line in path.read_text(encoding="utf-8").splitlines():
            print(f"    {line}")
        say(
            f"  以上账号保存在 {path}，日志在 {self.plan.log}",
            f"  (kept in {path}; the log is {self.plan.log})",
        )
        say("按 Ctrl-C 停止。", "Ctrl-C stops everything.")

    def tick(self) -> None:
        """Tell how far the demo city is, every few seconds until it is there."""
        if self.told == "finished" or time.monotonic() - self.since < 5:
            return
        self.since = time.monotonic()
        found = read_progress(self.plan.data)
        if found is None:
            return
        if found["finished"]:
            self.told = "finished"
            print("\r\x1b[K" if sys.stdout.isatty() else "", end="")
            say("演示城市已就绪。", "The demo city is complete.")
            return
        # At a terminal one line that changes; into a file a line for every tenth.
        seen, share = sys.stdout.isatty(), 100 * found["done"] // max(1, found["total"])
        share -= 0 if seen else share % 10
        line = told(f"{found['what'].zh} {share}%", f"{found['what'].en} {share}%")
        if line != self.told:
            self.told = line
            print(f"\r\x1b[K  {line}" if seen else f"  {line}", end="" if seen else "\n", flush=True)


def demo_password(data: Path) -> str:
    """Return the one password of the demo accounts, made at first start and kept in DATA/demo-accounts.txt."""
    path = data / "demo-accounts.txt"
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith("password: "):
                return line.removeprefix("password: ").strip()
    # Letters that cannot be mistaken for one another, and every kind that the password rules ask for.
    letters = "abcdefghjkmnpqrstuvwxyz"
    groups = ["".join(secrets.choice(letters) for _ in range(4)) for _ in range(3)]
    password = f"{groups[0].title()}-{groups[1]}-{groups[2]}-{secrets.randbelow(90) + 10}"
    place.make(data)
    place.write_closed(path, f"password: {password}\n")
    return password


def note_demo_accounts(data: Path) -> None:
    """Write down who can sign in to the demo city: the packages' `demo.py` announce `ACCOUNTS`, (login, T) pairs."""
    from tongzheng.site.demo import packages

    found = [
        pair for package in packages() for pair in getattr(import_module(f"{package}.demo"), "ACCOUNTS", ())
    ]
    lines = [
        f"password: {demo_password(data)}",
        *(f"{login:<16} {who.zh} · {who.en}" for login, who in found),
    ]
    place.write_closed(data / "demo-accounts.txt", "\n".join(lines) + "\n")


def load_demo(chosen: argparse.Namespace) -> None:
    """Load the demo year in this process; what is loaded already is left alone."""
    os.nice(5)
    start_django()
    from tongzheng.site import demo as city

    data = place.data_folder()
    if not city.finished(data):
        city.load(password=demo_password(data), size=chosen.size)


def worker(chosen: argparse.Namespace) -> None:
    """Do the duties and jobs of all packages until told to stop."""
    start_django()
    from tongzheng.site import worker as work

    work.run()


def migrate(chosen: argparse.Namespace) -> None:
    """Bring the tables up to date."""
    from tongzheng.site import postgres

    with postgres.city(place.data_folder()):
        start_django()
        # A package that cannot be imported shall say so here and not in the web server's log.
        import_module("tongzheng.site.urls")
        from django.conf import settings
        from django.core.management import call_command
        from django.db import connection

        with connection.cursor() as cursor:
            # Two machines of one city may start at once; the second waits and finds nothing to do.
            cursor.execute("SELECT pg_advisory_lock(hashtext('tongzheng migrate'))")
            call_command("migrate", interactive=False, verbosity=0)
            cursor.execute("SELECT pg_advisory_unlock(hashtext('tongzheng migrate'))")
        if settings.DEMO:
            note_demo_accounts(settings.DATA)
