"""Run the notebooks anew and store them executed: ``python tests/notebooks/store.py [name ...]``.

Each runs in a copy of its folder with a state folder of its own, as a reader would; sources, cell ids and tags stay.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}


def store(path: Path) -> None:
    """Execute one notebook in a copy of its folder and write it back."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "notebooks"
        shutil.copytree(path.parent, work, ignore=shutil.ignore_patterns(".*"))
        os.environ |= {"PRIVKIT_STATE_DIR": str(Path(folder) / "state"), "PRIVKIT_ANALYST": "analyst"}
        resources = {"metadata": {"path": str(work)}}
        options = {"timeout": 180, "store_widget_state": False, "coalesce_streams": True}
        NotebookClient(notebook, resources=resources, **options).execute()
    notebook.metadata = {"kernelspec": KERNEL, "language_info": LANGUAGE}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
    print(path.name, path.stat().st_size)


if __name__ == "__main__":
    for found in sorted(NOTEBOOKS.glob("*.ipynb")):
        if not sys.argv[1:] or found.stem in sys.argv[1:]:
            store(found)
