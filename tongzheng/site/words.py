"""What the command line says, in the language of the terminal: Chinese where the locale is Chinese."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def chinese() -> bool:
    """Tell whether this terminal's locale is Chinese."""
    named = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return named.lower().startswith("zh")


def told(zh: str, en: str) -> str:
    """Return the text in the language of the terminal."""
    return zh if chinese() else en


def say(zh: str, en: str) -> None:
    """Print one line at once, also into a pipe."""
    print(told(zh, en), flush=True)


def complain(zh: str, en: str) -> None:
    """Print one line to standard error."""
    print(told(zh, en), file=sys.stderr, flush=True)


@contextmanager
def step(zh: str, en: str) -> Iterator[None]:
    """Print what is being done, and how long it took when that was more than a second."""
    began = time.monotonic()
    say(f"· {zh} …", f"· {en} …")
    yield
    took = time.monotonic() - began
    if took > 1:
        say(f"  {took:.1f} 秒", f"  {took:.1f} s")
