"""How good a model is, with intervals and a reliability diagram."""
