"""The steps of a job, one task each."""
