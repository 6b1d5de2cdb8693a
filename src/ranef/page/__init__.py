"""The page that text is printed on: its width, paragraphs, and the grid of a table.

Every layer prints through this package, so that names too long for a line are broken the same way.
"""

from ranef.page.cells import cells, padded
from ranef.page.grid import Grid, grid
from ranef.page.lines import broken_name, page_width, paragraph

__all__ = ["Grid", "broken_name", "cells", "grid", "padded", "page_width", "paragraph"]
