"""Commands, one per module.

Modules import only ``click`` and light modules of ``services.cli`` at the top; the rest is imported
when a command runs, so that help and completion are quick.
"""
