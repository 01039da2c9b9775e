"""Measures what the documentation claims, as ratios taken in one run (``make bench``)."""
