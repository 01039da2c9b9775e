"""The status message of each job: what it says, when it is sent, and by whom."""
