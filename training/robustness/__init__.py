"""Whether tracks keep their genre at another level or in another format.

``conditions`` makes the changed files, ``flips`` classifies each track as it is and under each
condition, ``classifiers`` provides the models, ``report`` holds the results.
"""
