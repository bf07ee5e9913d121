"""Which notebook is running: recorded with a release, so that a panel can lead back to it."""

from __future__ import annotations

import os
from pathlib import PurePath


def notebook_name() -> str | None:
    """Return the file name of the notebook that runs this kernel, without its folder; None elsewhere.

    The Jupyter server tells its kernels by the environment variable ``JPY_SESSION_NAME``.
    """
    name = PurePath(os.environ.get("JPY_SESSION_NAME", "")).name
    return name if name.endswith(".ipynb") else None
