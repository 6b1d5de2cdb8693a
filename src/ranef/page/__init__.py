"""The page that text is printed on: its width, paragraphs, the grid of a table, numbers in words.

Every layer prints through this package, so that names too long for a line are broken the same way
and a number is written the same way.
"""

from ranef.page.cells import cells, padded
from ranef.page.grid import Grid, grid
from ranef.page.lines import broken_name, page_width, paragraph

__all__ = ["Grid", "broken_name", "cells", "grid", "padded", "page_width", "paragraph"]
