"""The report: ``docs/study.md`` and its figures, written from the results alone.

``page`` writes it, ``leakage`` its section on the protocols, ``figures`` draws, ``markdown``
formats, ``reference_scores`` holds the scores that the original project reported.
"""
