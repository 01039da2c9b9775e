"""Settings from ``.env``, and warnings of settings that nobody reads."""

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import click

ENV_FILE_VARIABLE: Final = "GENREBOT_ENV_FILE"
"""Names another file than ``.env`` of the current folder; empty for none."""

_PREFIX: Final = "GENREBOT_"


def prepare_environment(*, env_file: bool = False) -> None:
    """Read ``.env`` if wanted, and warn of unknown settings.

    Variables that are set already are not changed. Unknown ones are removed, so that processes
    started from here do not warn of them again.
    """
    if env_file:
        _load_env_file()
    ours = [name for name in os.environ if name.startswith(_PREFIX)]
    if not ours:
        return  # saves the import of all settings
    known = known_variables()
    # Without the prefix, which would make any two names look alike.
    suffixes = [name.removeprefix(_PREFIX) for name in known]
    for name in sorted(set(ours) - known):
        nearest = get_close_matches(name.removeprefix(_PREFIX), suffixes, n=1)
        hint = f"; did you mean {_PREFIX}{nearest[0]}?" if nearest else ""
        click.echo(f"warning: there is no setting {name}{hint}", err=True)
        del os.environ[name]


def known_variables() -> set[str]:
    """Return the names of all environment variables that some part of Genrebot reads."""
    # Imported here: pydantic takes longer to load than the rest of the command line.
    from pydantic import AliasChoices  # noqa: PLC0415
    from pydantic_settings import BaseSettings  # noqa: PLC0415

    from services.bot import config  # noqa: PLC0415
    from shared import settings  # noqa: PLC0415

    names = {ENV_FILE_VARIABLE, "GENREBOT_DATA"}
    for group in (*vars(settings).values(), *vars(config).values()):
        if not (isinstance(group, type) and issubclass(group, BaseSettings)):
            continue
        for name, field in group.model_fields.items():
            alias = field.validation_alias
            if alias is None:
                names.add(_PREFIX + name.upper())
            else:
                choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
                names.update(str(choice) for choice in choices)
    return names


def _load_env_file() -> None:
    file = Path(os.environ.get(ENV_FILE_VARIABLE, ".env"))
    if not file.is_file():
        return
    from dotenv import load_dotenv  # noqa: PLC0415 - only where there is a file

    load_dotenv(file, override=False)
