"""What ends the work because somebody wants it, and is no failure of it."""

from __future__ import annotations

#: All else that is raised is a failure, of whatever class: a panic of Polars, for one, is no `Exception`.
INTERRUPTS = (KeyboardInterrupt, SystemExit, GeneratorExit)
