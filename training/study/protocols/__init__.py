"""How the study divides the tracks."""
