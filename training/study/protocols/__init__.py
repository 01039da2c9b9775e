"""Evaluation protocols of the study.

``default_classifiers`` repeats the original comparison on random rows, ``protocol_scores`` scores
the same models under four protocols.
"""
