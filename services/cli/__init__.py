"""The command line: ``genrebot COMMAND``.

* ``application``: the group of all commands, and their list.
* ``commands``, ``model_commands``: one module per command, with its options and help.
* ``actions``: what commands do that need numeric libraries.
* ``environment``: ``.env``, and names of settings that nobody reads.
* ``errors``: sentences for invalid settings and missing packages.
* ``inputs``: files, folders and standard input as arguments.
* ``options``, ``progress``: options and progress bars that several commands share.

Modules of commands import only ``click`` at the top, so that help and completion are quick, and
``genrebot bot`` starts without numpy and ``genrebot classify`` without aiogram.
"""

from services.cli.application import main

__all__ = ["main"]
