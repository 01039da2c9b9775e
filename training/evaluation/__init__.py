"""Evaluation on artists that are not in the training data.

``protocols`` runs an evaluation, ``cross_validation`` and ``cross_calibration`` make held-out
predictions, ``intervals`` scores tracks with bootstrap intervals, ``scores`` scores chunks and
tracks of a table, ``reliability_diagram`` draws calibration.
"""
