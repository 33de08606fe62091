"""Runs too long for a page: what is compared, how it is run, and the committed results."""
