"""How Sphinx builds these pages: ``make docs``. Nothing is loaded from elsewhere, when built or when read."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

import privkit

project = "privkit"
author = "The privkit authors"
version = release = privkit.__version__
project_copyright = author

extensions = [
    "sphinx.ext.autodoc",
    "numpydoc",
    "myst_nb",  # reads plain Markdown too
    "sphinx_copybutton",
    "privkit_chart",
    "privkit_gallery",
    "privkit_reference",
    "privkit_tutorials",
]
exclude_patterns = ["_build", "extensions", "**/.ipynb_checkpoints"]
default_role = "py:obj"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

nb_execution_mode = "off"  # what is stored is shown
nb_ipywidgets_js = {}  # panels stand still here; nothing is fetched for them
# A panel's picture, not the widget that only a kernel could fill.
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]

copybutton_selector = "div:not(.cell_output) > div.highlight pre, .cell_input div.highlight pre"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

autodoc_typehints = "none"  # the docstrings say the types in words
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_use_plots = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"privkit {version}"
html_static_path = ["static"]
html_css_files = ["privkit.css"]
html_js_files = ["privkit.js"]
html_search_scorer = str(Path(__file__).parent / "static" / "scorer.js")
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0f5e8c", "color-brand-content": "#0f5e8c"},
    "dark_css_variables": {"color-brand-primary": "#7cc4ea", "color-brand-content": "#7cc4ea"},
}
