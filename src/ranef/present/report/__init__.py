"""The report of a fit: one page of HTML that holds everything it shows and loads nothing."""
