"""Makes .venv from the lock file: run by `make` with any Python; needs nothing but pip and a package index.

uv does the work, because it is quick; it is installed by pip, pinned by hash. uv does not read pip's
configuration, so the index that pip uses is handed over; if uv fails all the same, pip itself installs the lock.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"


def main() -> None:
    if sys.version_info < OLDEST:
        _with_newer_python()
    if Path(sys.prefix) == VENV:
        # Somebody has activated .venv: it must not take away the floor that it stands on.
        base = sys._base_executable  # type: ignore[attr-defined]
        os.execv(base, [base, *sys.argv])  # noqa: S606
    began = time.monotonic()
    os.chdir(ROOT)
    _make_venv()
    python = str(VENV / "bin" / "python")
    settings = _pip_settings(python)
    print("· uv …", flush=True)
    _must([python, "-m", "pip", "install", "-q", "--require-hashes", "-r", str(ROOT / "tools" / "uv.lock")])
    print("· packages of requirements.lock …", flush=True)
    uv = [str(VENV / "bin" / "uv"), "pip"]
    environment = {**os.environ, **_for_uv(settings), "VIRTUAL_ENV": str(VENV)}
    installed = subprocess.run(
        [*uv, "sync", "-q", "--require-hashes", "--allow-empty-requirements", str(LOCK)],
        env=environment,
        check=False,
    )
    if installed.returncode:
        print("  uv could not; pip does it (slower) …", flush=True)
        _must([python, "-m", "pip", "install", "-q", "--require-hashes", "-r", str(LOCK)])
    _install_ourselves(python)
    (VENV / ".ready").touch()
    print(f"  .venv is ready ({time.monotonic() - began:.0f} s)", flush=True)


def _with_newer_python() -> None:
    for minor in range(20, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            os.execv(found, [found, *sys.argv])  # noqa: S606
    sys.exit(
        f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]} ({sys.executable}).\n"
        "Install one, or name it: make PYTHON=/path/to/python3.12"
    )


def _make_venv() -> None:
    if (VENV / "bin" / "python").exists() and _works(
        [str(VENV / "bin" / "python"), "-m", "pip", "--version"]
    ):
        return
    print("· .venv …", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], check=False, capture_output=True, text=True
    )
    if made.returncode == 0:
        return
    # Debian keeps ensurepip in a package of its own. A pip outside can fill a .venv that has none.
    shutil.rmtree(VENV, ignore_errors=True)
    inside = ["--python", str(VENV / "bin" / "python"), "install", "-q", "pip"]
    if _works([sys.executable, "-m", "venv", "--without-pip", str(VENV)]) and _works(
        [sys.executable, "-m", "pip", *inside]
    ):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    sys.exit(
        f"{sys.executable} cannot make a virtual environment:\n{made.stdout}{made.stderr}\n"
        f"On Debian and Ubuntu: apt-get install python{version}-venv"
    )


def _pip_settings(python: str) -> dict[str, str]:
    """Return what pip is configured with, from files and the environment, the later winning."""
    said = subprocess.run(
        [python, "-m", "pip", "config", "list"], check=False, capture_output=True, text=True
    )
    found = {}
    for line in said.stdout.splitlines():
        name, _, value = line.partition("=")
        found[name.rsplit(".", 1)[-1]] = value.strip().strip("'\"")
    return found


def _for_uv(pip: dict[str, str]) -> dict[str, str]:
    """Return the variables that point uv to pip's index; none if somebody configured uv."""
    if any(name in os.environ for name in ("UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_CONFIG_FILE")):
        return {}
    variables = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": pip.get("extra-index-url", ""),
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_INSECURE_HOST": pip.get("trusted-host", ""),
        "SSL_CERT_FILE": os.environ.get("SSL_CERT_FILE") or pip.get("cert", ""),
        # Every file is pinned by hash, so which of several indexes it comes from makes no difference.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    return {name: value for name, value in variables.items() if value}


def _install_ourselves(python: str) -> None:
    """Make the package importable from where it stands, and put the command `tongzheng` in .venv/bin."""
    where = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    Path(where, "tongzheng.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    command = VENV / "bin" / "tongzheng"
    command.unlink(missing_ok=True)
    command.write_text(f"#!/bin/sh\nexec '{python}' -m tongzheng.site.command \"$@\"\n", encoding="utf-8")
    command.chmod(0o755)


def _works(command: list[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _must(command: list[str]) -> None:
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"failed: {' '.join(command)}")


if __name__ == "__main__":
    main()
