"""Tuning on the validation rows: CatBoost, an SVC, and a soft vote of them."""

from collections.abc import Callable
from typing import Any, Final

from shared.music.features.table import FEATURE_NAMES
from training.study.classifiers.columns import Columns
from training.study.classifiers.models import Recipe
from training.study.classifiers.soft_voting import SoftVote, recipe_from, weightings
from training.study.results import Candidate, Trial, Tuning
from training.study.tuning.catboost_search import Task, best, search
from training.study.tuning.holdout import Holdout

Progress = Callable[[str, float], None]

CATBOOST: Final[dict[str, Columns]] = {
    "CatBoost": "published",
    "CatBoost + axes": "published+axes",
}
SVCS: Final[dict[str, tuple[Columns, tuple[float, ...]]]] = {
    "SVC": ("published", (1.5, 2.0, 2.5, 3.0, 3.5, 4.0)),
    "SVC + axes": ("axes", (0.02, 0.03, 0.04, 0.05, 0.06, 0.08)),
}
"""Families of SVC with the values of gamma to try."""
COSTS: Final = (3.0, 10.0, 30.0)
VOTE: Final = "Soft voting"
_REFITS: Final = 2
_MORE_SEEDS: Final = (43, 44)
_HALF_RATE: Final = ", half the rate, twice the trees"
_SEED_AVERAGE: Final = ", three seeds averaged"


def tune(holdout: Holdout, trials: int, progress: Progress) -> Tuning:
    """Search, refit the best trials in full, and choose by validation within each family.

    Args:
        holdout: the rows in their three parts.
        trials: trials of each of the two searches.
        progress: called with the stage and the share of it that is done.

    """
    all_trials: list[Trial] = []
    candidates: list[Candidate] = []
    for family, columns in CATBOOST.items():
        task = Task(
            train=holdout.train,
            valid=holdout.valid,
            columns=columns,
            trials=trials,
            threads=holdout.predictions.threads,
            name=f"catboost-{columns}-{holdout.fingerprint}",
        )
        found = search(task, holdout.predictions.cache.folder / "optuna.sqlite3", progress)
        all_trials += [trial.model_copy(update={"family": family}) for trial in found]
        candidates += _refits(holdout, family, columns, best(found, _REFITS), progress)
    for family, (columns, widths) in SVCS.items():
        candidates += _svcs(holdout, family, columns, widths, progress)
    candidates += _votes(holdout, candidates, progress)
    families = [*CATBOOST, *SVCS, VOTE]
    winners = {family: _winner(candidates, family).model for family in families}
    return Tuning(
        trials=all_trials,
        candidates=candidates,
        chosen=winners,
        importances=_importances(holdout, candidates),
    )


def recipe_of(tuning: Tuning, family: str) -> Recipe | SoftVote:
    """Return the recipe that represents a family where it is fitted many times.

    Averages over seeds and twice as many trees would cost too much there.
    """
    return recipe_from(_affordable(tuning.candidates, family).parameters)


def _refits(
    holdout: Holdout, family: str, columns: Columns, trials: list[Trial], progress: Progress
) -> list[Candidate]:
    """Refit the best trials in full, and the best of them with half the rate and three seeds."""
    runs: list[Candidate] = []

    def refit(name: str, recipe: Recipe | SoftVote) -> None:
        runs.append(holdout.evaluate(family, f"{family}, {name}", recipe))
        progress(f"tune: refit {family}", len(runs) / (len(trials) + 2))

    for trial in trials:
        refit(f"trial {trial.number}", Recipe("CatBoostClassifier", _parameters(trial), columns))
    winner = _winner(runs, family)
    parameters = winner.parameters["parameters"]
    name = winner.model.removeprefix(f"{family}, ")
    slower = {
        "learning_rate": parameters["learning_rate"] / 2,
        "iterations": parameters["iterations"] * 2,
    }
    refit(f"{name}{_HALF_RATE}", Recipe("CatBoostClassifier", {**parameters, **slower}, columns))
    seeds: list[dict[str, Any]] = [{}, *({"random_state": seed} for seed in _MORE_SEEDS)]
    members = [Recipe("CatBoostClassifier", {**parameters, **seed}, columns) for seed in seeds]
    average = SoftVote(tuple((recipe, 1 / len(members)) for recipe in members))
    refit(f"{name}{_SEED_AVERAGE}", average)
    return runs


def _parameters(trial: Trial) -> dict[str, Any]:
    """Return a trial's parameters for a full fit, with all of its trees."""
    return {name: value for name, value in trial.parameters.items() if name != "trees"}


def _svcs(
    holdout: Holdout, family: str, columns: Columns, widths: tuple[float, ...], progress: Progress
) -> list[Candidate]:
    grid = [(cost, width) for cost in COSTS for width in widths]
    runs = []
    for done, (cost, width) in enumerate(grid):
        progress(f"tune: {family}", done / len(grid))
        recipe = Recipe("SVC", {"C": cost, "gamma": width}, columns)
        runs.append(holdout.evaluate(family, f"{family}, C {cost:g}, gamma {width:g}", recipe))
    progress(f"tune: {family}", 1.0)
    return runs


def _votes(holdout: Holdout, candidates: list[Candidate], progress: Progress) -> list[Candidate]:
    """Try all weightings of the best CatBoost, the best SVC and nearest neighbours on the axes."""
    trees = _affordable(candidates, "CatBoost + axes")
    svc = _affordable(candidates, "SVC + axes")
    neighbours = Recipe("KNeighborsClassifier", {"n_neighbors": 5, "weights": "distance"}, "axes")
    voters = [recipe_from(trees.parameters), recipe_from(svc.parameters), neighbours]
    weights_to_try = weightings(len(voters))
    runs = []
    for done, weights in enumerate(weights_to_try):
        progress("tune: soft voting", done / len(weights_to_try))
        pairs = zip(voters, weights, strict=True)
        vote = SoftVote(tuple((r, w) for r, w in pairs if isinstance(r, Recipe)))
        title = ", ".join(
            f"{name} {weight:.1f}"
            for name, weight in zip(("CatBoost", "SVC", "5 neighbours"), weights, strict=True)
        )
        runs.append(holdout.evaluate(VOTE, f"{VOTE}: {title}", vote))
    progress("tune: soft voting", 1.0)
    return runs


def _winner(candidates: list[Candidate], family: str) -> Candidate:
    """Return the candidate with the best validation score; of equals, the first."""
    return max((c for c in candidates if c.family == family), key=lambda c: c.valid_f1)


def _affordable(candidates: list[Candidate], family: str) -> Candidate:
    """Return the best of a family on validation, costly variants left out."""
    return _winner(
        [c for c in candidates if not c.model.endswith((_HALF_RATE, _SEED_AVERAGE))], family
    )


def _importances(holdout: Holdout, candidates: list[Candidate]) -> dict[str, float]:
    """Return the importance of each column in the best CatBoost on the published columns."""
    recipe = recipe_from(_affordable(candidates, "CatBoost").parameters)
    if not isinstance(recipe, Recipe):
        raise TypeError(recipe)

    def measure() -> dict[str, Any]:
        fitted = recipe.fit(holdout.train, holdout.predictions.threads)
        values = fitted.classifier.get_feature_importance()
        return dict(zip(FEATURE_NAMES, map(float, values), strict=True))

    inputs = {
        **recipe.inputs(),
        "data": holdout.fingerprint,
        "threads": holdout.predictions.threads,
    }
    return holdout.predictions.cache.record("importances", inputs, measure)
