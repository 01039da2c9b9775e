"""Soft voting: the weighted average of several classifiers' probabilities."""

from dataclasses import dataclass
from typing import Any, Final

from training.study.classifiers.models import Recipe

_TENTHS: Final = 10


@dataclass(frozen=True)
class Blend:
    """Recipes with the weight of each one's vote."""

    members: tuple[tuple[Recipe, float], ...]

    def inputs(self) -> dict[str, Any]:
        """Return what a result of it depends on."""
        return {"members": [[recipe.inputs(), weight] for recipe, weight in self.members]}


def recipe_from(inputs: dict[str, Any]) -> Recipe | Blend:
    """Return the recipe or the blend that has these inputs."""
    if "members" not in inputs:
        return Recipe(**inputs)
    return Blend(tuple((Recipe(**member), weight) for member, weight in inputs["members"]))


def weightings(members: int) -> list[tuple[float, ...]]:
    """Return every way to share tenths of the vote among so many members, each with some."""
    return [tuple(n / _TENTHS for n in shares) for shares in _shares(_TENTHS, members)]


def _shares(left: int, parts: int) -> list[tuple[int, ...]]:
    if parts == 1:
        return [(left,)]
    return [
        (first, *rest)
        for first in range(1, left - parts + 2)
        for rest in _shares(left - first, parts - 1)
    ]
