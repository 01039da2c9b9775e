"""Fitting the classifier, its calibration and the music detector."""
