"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# Machines differ and are busy: a slow example is no fault. Examples are printed as code that can be run.
settings.register_profile("privkit", deadline=None, print_blob=True)
settings.load_profile("privkit")
