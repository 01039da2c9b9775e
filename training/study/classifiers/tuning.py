"""Tuning on the validation rows: CatBoost, an SVC, and a soft vote of them."""

from collections.abc import Callable
from typing import Any, Final

from shared.music.features.table import FEATURE_NAMES
from training.study.classifiers.columns import Columns
from training.study.classifiers.models import Recipe
from training.study.classifiers.search import Task, best, search
from training.study.classifiers.soft_voting import Blend, recipe_from, weightings
from training.study.protocols.row_split import Contest
from training.study.results import Contender, Trial, Tuning

Progress = Callable[[str, float], None]

CATBOOST: Final[dict[str, Columns]] = {
    "CatBoost": "published",
    "CatBoost + axes": "published+axes",
}
SVCS: Final[dict[str, tuple[Columns, tuple[float, ...]]]] = {
    "SVC": ("published", (1.5, 2.0, 2.5, 3.0, 3.5, 4.0)),
    "SVC + axes": ("axes", (0.02, 0.03, 0.04, 0.05, 0.06, 0.08)),
}
"""Families of SVC with the widths of their RBF kernel to try."""
COSTS: Final = (3.0, 10.0, 30.0)
VOTE: Final = "Soft voting"
_REFITS: Final = 2
_OTHER_SEEDS: Final = (43, 44)
_SLOWER: Final = ", half the rate, twice the trees"
_SEEDED: Final = ", three seeds averaged"


def tune(contest: Contest, trials: int, progress: Progress) -> Tuning:
    """Search, refit the best in full, and let validation choose within each family.

    Args:
        contest: the rows in their parts, and where intermediate results are kept.
        trials: trials of each of the two searches.
        progress: called with the stage and the share of it that is done.

    """
    drawn: list[Trial] = []
    contenders: list[Contender] = []
    for family, columns in CATBOOST.items():
        task = Task(
            learned=contest.learned,
            judged=contest.judged,
            columns=columns,
            trials=trials,
            threads=contest.bench.threads,
            name=f"catboost-{columns}-{contest.fingerprint}",
        )
        found = search(task, contest.bench.cache.folder / "optuna.sqlite3", progress)
        drawn += [trial.model_copy(update={"family": family}) for trial in found]
        contenders += _refits(contest, family, columns, best(found, _REFITS), progress)
    for family, (columns, widths) in SVCS.items():
        contenders += _svcs(contest, family, columns, widths, progress)
    contenders += _votes(contest, contenders, progress)
    families = [*CATBOOST, *SVCS, VOTE]
    winners = {family: _winner(contenders, family).model for family in families}
    return Tuning(
        trials=drawn,
        contenders=contenders,
        chosen=winners,
        importances=_importances(contest, contenders),
    )


def recipe_of(tuning: Tuning, family: str) -> Recipe | Blend:
    """Return what stands for a family where it has to be fitted many times.

    Averages over seeds, and twice the trees, would cost too much there.
    """
    return recipe_from(_plain(tuning.contenders, family).parameters)


def _refits(
    contest: Contest, family: str, columns: Columns, trials: list[Trial], progress: Progress
) -> list[Contender]:
    """Refit the best trials in full, then the winner slower, and averaged over seeds."""
    runs: list[Contender] = []

    def refit(name: str, recipe: Recipe | Blend) -> None:
        runs.append(contest.run(family, f"{family}, {name}", recipe))
        progress(f"tune: refit {family}", len(runs) / (len(trials) + 2))

    for trial in trials:
        refit(f"trial {trial.number}", Recipe("CatBoostClassifier", _parameters(trial), columns))
    winner = _winner(runs, family)
    plan = winner.parameters["parameters"]
    name = winner.model.removeprefix(f"{family}, ")
    slower = {
        "learning_rate": plan["learning_rate"] / 2,
        "iterations": plan["iterations"] * 2,
    }
    refit(f"{name}{_SLOWER}", Recipe("CatBoostClassifier", {**plan, **slower}, columns))
    seeds: list[dict[str, Any]] = [{}, *({"random_state": seed} for seed in _OTHER_SEEDS)]
    members = [Recipe("CatBoostClassifier", {**plan, **seed}, columns) for seed in seeds]
    average = Blend(tuple((recipe, 1 / len(members)) for recipe in members))
    refit(f"{name}{_SEEDED}", average)
    return runs


def _parameters(trial: Trial) -> dict[str, Any]:
    """Return a trial's parameters for a fit in full: all the trees that it asked for."""
    return {name: value for name, value in trial.parameters.items() if name != "trees"}


def _svcs(
    contest: Contest, family: str, columns: Columns, widths: tuple[float, ...], progress: Progress
) -> list[Contender]:
    grid = [(cost, width) for cost in COSTS for width in widths]
    runs = []
    for done, (cost, width) in enumerate(grid):
        progress(f"tune: {family}", done / len(grid))
        recipe = Recipe("SVC", {"C": cost, "gamma": width}, columns)
        runs.append(contest.run(family, f"{family}, C {cost:g}, gamma {width:g}", recipe))
    progress(f"tune: {family}", 1.0)
    return runs


def _votes(contest: Contest, contenders: list[Contender], progress: Progress) -> list[Contender]:
    """Vote with the best single CatBoost, the best SVC and nearest neighbours on the axes."""
    trees = _plain(contenders, "CatBoost + axes")
    machine = _plain(contenders, "SVC + axes")
    neighbours = Recipe("KNeighborsClassifier", {"n_neighbors": 5, "weights": "distance"}, "axes")
    voters = [recipe_from(trees.parameters), recipe_from(machine.parameters), neighbours]
    splits = weightings(len(voters))
    runs = []
    for done, weights in enumerate(splits):
        progress("tune: soft voting", done / len(splits))
        pairs = zip(voters, weights, strict=True)
        blend = Blend(tuple((r, w) for r, w in pairs if isinstance(r, Recipe)))
        title = ", ".join(
            f"{name} {weight:.1f}"
            for name, weight in zip(("CatBoost", "SVC", "5 neighbours"), weights, strict=True)
        )
        runs.append(contest.run(VOTE, f"{VOTE}: {title}", blend))
    progress("tune: soft voting", 1.0)
    return runs


def _winner(contenders: list[Contender], family: str) -> Contender:
    """Return what validation chooses; of equals, the first that was tried."""
    return max((c for c in contenders if c.family == family), key=lambda c: c.valid_f1)


def _plain(contenders: list[Contender], family: str) -> Contender:
    """Return what validation chooses of a family, costly variants left out."""
    return _winner([c for c in contenders if not c.model.endswith((_SLOWER, _SEEDED))], family)


def _importances(contest: Contest, contenders: list[Contender]) -> dict[str, float]:
    """Return the share of each published column in the best single CatBoost on them alone."""
    recipe = recipe_from(_plain(contenders, "CatBoost").parameters)
    if not isinstance(recipe, Recipe):
        raise TypeError(recipe)

    def measure() -> dict[str, Any]:
        fitted = recipe.fit(contest.learned, contest.bench.threads)
        values = fitted.classifier.get_feature_importance()
        return dict(zip(FEATURE_NAMES, map(float, values), strict=True))

    inputs = {**recipe.inputs(), "data": contest.fingerprint, "threads": contest.bench.threads}
    return contest.bench.cache.record("importances", inputs, measure)
