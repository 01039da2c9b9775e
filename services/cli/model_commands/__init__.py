"""Commands that train, evaluate and convert models; one per module."""
