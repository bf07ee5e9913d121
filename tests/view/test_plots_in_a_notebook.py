"""Plots as a notebook shows them: matplotlib's inline backend, in a kernel of its own."""

import nbformat
from nbclient import NotebookClient

CELLS = (
    "import pandas as pd, privkit\ndf = pd.DataFrame({'a': [1, 1, 2, 3, 4], 'b': [1, 2, 3, 4, 4]})",
    "df.privacy.risk(['a', 'b']).plot();",
    "df.privacy.suda(['a', 'b']).plot();",
    "df.privacy.kanon(['a', 'b']).plot()",
)


def test_every_plot_is_shown_not_the_first_alone():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    pictures = [sum("image/png" in output.get("data", {}) for output in cell.outputs) for cell in notebook.cells]
    assert pictures == [0, 1, 1, 1]
