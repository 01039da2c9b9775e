"""Commands that train, evaluate and convert models; one module per command."""
