"""Pictures of the report: Matplotlib axes, turned into SVG that follows the page's colours."""
