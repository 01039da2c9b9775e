"""``python -m services.cli`` is ``genrebot``."""

from services.cli import main

main()
