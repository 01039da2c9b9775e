"""The Celery workers: they fetch, convert, featurize, classify and reply."""
