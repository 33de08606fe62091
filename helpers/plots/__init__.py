"""Every figure of the book: one module per subject, all in the style of :mod:`helpers.plots.style`."""
