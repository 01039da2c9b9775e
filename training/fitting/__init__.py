"""Fits of the model: the genre classifier, its calibration, and the music detector.

``classifier`` fits trees and discriminants, ``calibration`` finds temperature and threshold,
``verdict_parameters`` fits discriminants, tag statistics and sections,
``music_detector`` fits the logistic regression that knows music from speech, noise and tones.
"""
