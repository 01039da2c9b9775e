"""The ten genres, in the order of every probability vector in the project."""

from typing import Final

GENRES: Final = (
    "blues",
    "classical",
    "country",
    "disco",
    "hiphop",
    "jazz",
    "metal",
    "pop",
    "reggae",
    "rock",
)

_NAMES: Final = {"hiphop": "Hip-hop"}


def genre_name(genre: str) -> str:
    """Return a genre as people write it."""
    return _NAMES.get(genre, genre.capitalize())
