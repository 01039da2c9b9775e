"""The classifiers that the study compares, and how they are tuned."""
