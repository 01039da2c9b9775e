"""Genrebot: which of ten genres a piece of music is, how sure that is, and why.

This package is what gets installed. In the repository it is a thin face over the folders beside
it: ``shared``, ``services``, ``training`` and ``devtools``. In a wheel those folders are inside
it, as ``genrebot.shared`` and so on, so that an installation adds no other name (docs/decisions/
0019-layout.md).
"""
