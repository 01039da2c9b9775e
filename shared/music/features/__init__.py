"""The 57 features of a chunk, equal to those of the published GTZAN tables."""
