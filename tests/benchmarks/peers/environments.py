"""An environment for each peer, since their requirements contradict one another and ours."""

import subprocess
import sys
from pathlib import Path

#: What was installed when the figures were made; the rest follows from these.
PINS = {
    "diffprivlib": "diffprivlib==0.6.6 scikit-learn==1.8.0 scipy==1.17.1 numpy==2.4.6 pandas==3.1.1 pyarrow==26.0.1",
    # Its logistic regression asks for what scikit-learn 1.8 has no more.
    "diffprivlib models": "diffprivlib==0.6.6 scikit-learn==1.7.2",
    "smartnoise": "smartnoise-sql==1.0.10 opendp==0.14.2 numpy==2.4.6 pandas==2.3.3 pyarrow==26.0.1",
    "pydp": "python-dp==1.1.5 numpy==2.4.6 pandas==3.1.1 pyarrow==26.0.1",
    "pipelinedp": "pipeline-dp==0.3.1 python-dp==1.1.5 scipy==1.17.1 numpy==2.4.6 pandas==3.1.1 pyarrow==26.0.1",
    "sacroml": "sacroml==2.0.1",
    "tauargus": "pytauargus==0.6.0 pandas==3.1.1",
    "tumult": "tmlt.analytics==0.21.0 tmlt.core==0.19.1 pyspark==3.5.9 numpy==1.26.4 pandas==1.5.3 pyarrow==18.1.0",
}


def python_of(folder: Path, name: str) -> Path | None:
    """Return the Python of a peer's environment; None where it does not hold what is pinned."""
    told = folder / name / "pins.txt"
    return folder / name / "bin" / "python" if told.exists() and told.read_text() == PINS[name] else None


def install(folder: Path, name: str) -> None:
    """Make a peer's environment with this Python and the pinned versions."""
    if python_of(folder, name) is not None:
        return
    print(f"installing {name} in {folder / name}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder / name], check=True)
    python = folder / name / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PINS[name].split()], check=True)
    (folder / name / "pins.txt").write_text(PINS[name])
