"""How Sphinx builds these pages: ``make docs``. Nothing is loaded from elsewhere, when built or when read."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

import privkit

project = "privkit"
author = "The privkit authors"
version = release = privkit.__version__
project_copyright = author

extensions = ["sphinx.ext.autodoc", "numpydoc", "myst_parser", "privkit_gallery", "privkit_reference"]
exclude_patterns = ["_build", "extensions"]
default_role = "py:obj"
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # the docstrings say the types in words
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_use_plots = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"privkit {version}"
html_static_path = ["static"]
html_css_files = ["privkit.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0f5e8c", "color-brand-content": "#0f5e8c"},
    "dark_css_variables": {"color-brand-primary": "#7cc4ea", "color-brand-content": "#7cc4ea"},
}
