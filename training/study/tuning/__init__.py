"""Tuning of classifiers on the row-wise split.

``holdout`` fits and scores one candidate, ``catboost_search`` draws CatBoost's parameters,
``tuning`` runs the searches and lets the validation rows choose.
"""
