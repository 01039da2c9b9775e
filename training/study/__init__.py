"""The study: six classifiers, a tuned one, a picture network, and what their scores mean."""
