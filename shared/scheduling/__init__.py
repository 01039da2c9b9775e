"""The rules of scheduling, and what work costs."""
