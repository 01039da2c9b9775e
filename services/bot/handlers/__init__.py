"""One router per concern, each made by a function: a router belongs to one dispatcher."""
