"""Parts of the benchmark: ``chunk``, ``files``, ``start``, ``queue``, ``latency``, ``crowd``."""
