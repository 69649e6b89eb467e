"""Verbs for those who build: inspect, new, migrations, docs, bench."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tongzheng.site.command_city import start_django
from tongzheng.site.words import complain, say


def inspect(chosen: argparse.Namespace) -> int:
    """Print every fault of the declarations, the code and the migrations; return 1 if there is one."""
    start_django()
    from tongzheng.kernel.core import inspection
    from tongzheng.site import languages

    faults = [
        *inspection.run(),
        *languages.faults(),
        *languages.inline_faults(),
        *_models_without_migration(),
    ]
    for fault in faults:
        print(fault)
    if faults:
        complain(f"共 {len(faults)} 处问题。", f"{len(faults)} faults.")
    else:
        say("检查通过。", "All is in order.")
    return 1 if faults else 0


def _models_without_migration() -> list[str]:
    """Return the changes that `makemigrations` would write; found without a database."""
    from django.apps import apps
    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.questioner import NonInteractiveMigrationQuestioner
    from django.db.migrations.state import ProjectState
    from django.utils import translation

    loader = MigrationLoader(None, ignore_no_migrations=True)
    faults = [
        f"{app}: its migrations end in {len(names)} leaves: {', '.join(names)}"
        for app, names in loader.detect_conflicts().items()
    ]
    if faults:
        return faults
    apps_of_ours = {config.label for config in apps.get_app_configs() if config.name.startswith("tongzheng.")}
    autodetector = MigrationAutodetector(
        loader.project_state(),
        ProjectState.from_apps(apps),
        NonInteractiveMigrationQuestioner(specified_apps=apps_of_ours, dry_run=True),
    )
    with translation.override(
        None
    ):  # Django's own field names would otherwise differ by the reader's language
        changes = autodetector.changes(graph=loader.graph)
    return [
        f"{app}: a migration is missing: {operation.describe()}"
        for app, migrations in sorted(changes.items())
        if app in apps_of_ours
        for migration in migrations
        for operation in migration.operations
    ]


def new(chosen: argparse.Namespace) -> int:
    """Make a new system from the scaffold."""
    start_django()
    from tongzheng.kernel.core import scaffold

    made = scaffold.make(chosen.system)
    say(f"已建立 {made}", f"Made {made}")
    return 0


def migrations(chosen: argparse.Namespace) -> int:
    """Write the migrations that models lack; needs no database."""
    import warnings

    start_django()
    from django.apps import apps
    from django.core.management import call_command

    # Named one by one: unasked, Django passes over a package that has no migrations yet.
    ours = [config.label for config in apps.get_app_configs() if config.name.startswith("tongzheng.")]
    # Django also asks the database whether its history is in order, and warns when none answers.
    warnings.filterwarnings("ignore", message="Got an error checking a consistent migration history")
    call_command("makemigrations", *ours)
    return 0


def docs(chosen: argparse.Namespace) -> int:
    """Write the handbook of systems from their declarations."""
    start_django()
    from tongzheng.site import handbook

    changed = handbook.write()
    for path in changed:
        print(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
    say(f"手册已更新 {len(changed)} 页。", f"{len(changed)} pages of the handbook changed.")
    return 0


def bench(chosen: argparse.Namespace) -> int:
    """Run the measurements of the folder `bench/`, which stands beside the package in the source tree."""
    root = Path(__file__).parents[2]
    if not (root / "bench" / "__main__.py").exists():
        complain(f"{root / 'bench'} 里没有测量程序", f"there are no measurements in {root / 'bench'}")
        return 1
    return subprocess.run([sys.executable, "-m", "bench", *chosen.rest], check=False, cwd=root).returncode
