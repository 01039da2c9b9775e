"""Genres from spectrogram pictures, by a small network as it was and as it should be."""
