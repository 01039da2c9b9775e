"""What every service knows: settings, messages, job state, the spool, and music."""
