"""Soft voting: the weighted average of several classifiers' probabilities."""

from dataclasses import dataclass
from typing import Any, Final

from training.study.classifiers.models import Recipe

_STEPS: Final = 10


@dataclass(frozen=True)
class SoftVote:
    """Classifiers with the weight of each one's probabilities."""

    members: tuple[tuple[Recipe, float], ...]

    def inputs(self) -> dict[str, Any]:
        """Return everything that a result depends on, for the cache."""
        return {"members": [[recipe.inputs(), weight] for recipe, weight in self.members]}


def recipe_from(inputs: dict[str, Any]) -> Recipe | SoftVote:
    """Return the recipe or the soft vote that has these inputs."""
    if "members" not in inputs:
        return Recipe(**inputs)
    return SoftVote(tuple((Recipe(**member), weight) for member, weight in inputs["members"]))


def weightings(members: int) -> list[tuple[float, ...]]:
    """Return all weightings in steps of a tenth in which each member has some weight."""
    return [tuple(n / _STEPS for n in shares) for shares in _shares(_STEPS, members)]


def _shares(left: int, parts: int) -> list[tuple[int, ...]]:
    if parts == 1:
        return [(left,)]
    return [
        (first, *rest)
        for first in range(1, left - parts + 2)
        for rest in _shares(left - first, parts - 1)
    ]
