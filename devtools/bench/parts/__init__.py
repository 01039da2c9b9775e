"""The parts of the benchmark; each measures one concern and returns figures."""
