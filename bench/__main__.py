"""make bench: every measurement beside its floor, each on an empty database of a PostgreSQL of our own with fsync on.

python -m bench [cases] [processes] [registers] [ledger] [sweep] [rules]      all of them when none is named
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

PARTS = {
    "cases": "bench.cases_bench",
    "processes": "bench.processes",
    "registers": "bench.registers_bench",
    "ledger": "bench.ledger",
    "sweep": "bench.sweep",
    "rules": "bench.rules_bench",
}
OWN_SERVER = ("cases", "rules")
"""These start a server themselves, because they need several databases, or need none."""


def main(names: list[str]) -> int:
    """Run the named parts, or all; return how many failed or missed a target."""
    from tongzheng.site.postgres import Server
    from tongzheng.site.programs import owner

    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"no such measurement: {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    failed = 0
    for name in names or PARTS:
        print(f"\n== {name}", flush=True)
        home = Path(tempfile.mkdtemp(prefix="tz-bench-"))
        environment = {**os.environ, "TONGZHENG_DATA": str(home / "data")}
        try:
            if name in OWN_SERVER:
                failed += subprocess.run([sys.executable, "-m", PARTS[name]], env=environment).returncode != 0
                continue
            who = owner()
            who.make(home)
            server = Server(home, who=who, durable=True)
            server.start()
            try:
                with psycopg.connect(server.url):
                    environment["DATABASE_URL"] = server.url
                failed += subprocess.run([sys.executable, "-m", PARTS[name]], env=environment).returncode != 0
            finally:
                server.stop(patience=5)
        finally:
            shutil.rmtree(home, ignore_errors=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
