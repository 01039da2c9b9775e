"""The GTZAN data set: tables, audio, lists of tracks, and splits by artist."""
