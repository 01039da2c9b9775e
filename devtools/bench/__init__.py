"""The benchmark (``make bench``): measures the documentation's figures, as ratios within one run.

``parts`` measure, ``programs`` run in processes of their own, ``report`` keeps and prints figures;
``deployment`` runs a whole service, ``sample_tracks`` makes audio, ``scale`` sets sizes and
repetitions.
"""
