"""Settings of the site; `make docs` builds it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]

from numpydoc.xref import DEFAULT_LINKS  # noqa: E402

from ranef import __version__  # noqa: E402

project = "ranef"
author = "The ranef developers"
copyright = author
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx_external_toc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "numpydoc",
    "sphinx_design",
    "sphinx_copybutton",
    # In _ext: pages that run, blocks side by side, the data sets, links out of docs/, mathematics.
    "examples",
    "columns",
    "data_sets",
    "repository_links",
    "libraries",
    "mathml",
]
exclude_patterns = ["_build", "_ext", "_pictures"]
templates_path = ["_templates"]
# autosummary makes its pages by directives of this kind; all other pages stand in _toc.yml.
suppress_warnings = ["etoc.toctree"]

myst_enable_extensions = ["colon_fence", "dollarmath", "deflist", "attrs_block"]
myst_heading_anchors = 4
external_toc_path = "_toc.yml"

autosummary_generate = True
autodoc_typehints = "none"
add_module_names = False
toc_object_entries_show_parents = "hide"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = True
# Words that numpydoc would link to inventories which are not there stay words.
numpydoc_xref_aliases = {
    **{word: word for word in DEFAULT_LINKS},
    "DataFrame": "pandas.DataFrame",
    "Series": "pandas.Series",
    "Axes": "matplotlib.axes.Axes",
    "Figure": "matplotlib.figure.Figure",
    "array": "numpy.ndarray",
    "Fit": "ranef.Fit",
    "Finding": "ranef.Finding",
    "Certificate": "ranef.Certificate",
}
numpydoc_xref_ignore = "all"
highlight_language = "python"

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "ranef"
html_static_path = ["_static"]
html_css_files = ["ranef.css"]
html_copy_source = False
html_show_sourcelink = False
html_baseurl = "https://ranef.readthedocs.io/"
html_theme_options = {
    "logo": {"text": "ranef"},
    "github_url": "https://github.com/ranef/ranef",
    "header_links_before_dropdown": 7,
    "navbar_align": "left",
    "show_prev_next": True,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": []}

# Outputs are not typed, so they have no button.
copybutton_selector = "div:not(.output) > div.highlight > pre"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def setup(app: Sphinx) -> None:
    app.connect("autodoc-process-signature", without_constructor)
    # sphinx-external-toc brings it along; it acts once all pages are read, and does not say so.
    app.extensions["sphinx_multitoc_numbering"].parallel_read_safe = True


def without_constructor(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, signature: str, returned: str
) -> tuple[str, str] | None:
    """Results and fits come from functions: nobody calls their classes."""
    made = (
        "ranef.present.",
        "ranef.explore.",
        "ranef.inference.",
        "ranef.fit.",
        "ranef.solve.cert",
    )
    if what == "class" and thing.__module__.startswith(made):
        return "", returned
    return None
