"""Fits of the model: the genre classifier, its calibration, and the music detector.

``classifier`` fits the CatBoost ensemble, ``calibration`` finds temperature and threshold,
``music_detector`` fits the logistic regression that knows music from speech, noise and tones.
"""
