"""The classifiers that the study compares.

``models`` builds and fits them, ``columns`` prepares their inputs, ``soft_voting`` averages
several, ``prediction_cache`` fits each only once for the same rows.
"""
