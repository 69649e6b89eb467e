"""Sees to it that the browser tests find Chromium and Chinese letters; as root on Debian it installs them."""

import ctypes
import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = {"chromium": "chromium", "fonts": "fonts-noto-cjk", "atomic": "libatomic1"}


def missing() -> list[str]:
    lacks = []
    if not (os.environ.get("TONGZHENG_CHROMIUM") or any(shutil.which(name) for name in NAMES)):
        lacks.append(PACKAGES["chromium"])
    fonts = (
        subprocess.run(["fc-list", ":lang=zh"], check=False, capture_output=True)
        if shutil.which("fc-list")
        else None
    )
    if fonts is None or not fonts.stdout.strip():
        lacks.append(PACKAGES["fonts"])
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        lacks.append(PACKAGES["atomic"])  # the program that drives the browser is linked against it
    return lacks


def main() -> None:
    lacks = missing()
    if lacks and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"· apt-get install {' '.join(lacks)} …", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "-qq", "update"], check=False, env=environment)
        subprocess.run(
            ["apt-get", "-qq", "-y", "install", "--no-install-recommends", *lacks, "fontconfig"],
            check=False,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        lacks = missing()
    if lacks:
        sys.exit(
            f"The browser tests need {' and '.join(lacks)}: install them (apt-get install {' '.join(lacks)})"
        )


if __name__ == "__main__":
    main()
