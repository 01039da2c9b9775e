"""When a job will be answered, and whether another one can be taken."""
