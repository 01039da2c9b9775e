"""Search for CatBoost's parameters with Optuna: seeded, pruned, resumed from SQLite."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import optuna
from catboost import CatBoostClassifier, Pool

from training.data.gtzan import Dataset
from training.study.classifiers.columns import Columns
from training.study.classifiers.models import Inputs, codes
from training.study.published_rows import SEED
from training.study.results import Trial

METRIC: Final = "TotalF1:average=Macro"
STEP: Final = 50
"""Trees between two evaluations on the validation rows."""
_PATIENCE: Final = 400
_MIN_RESOURCE: Final = 100
_REDUCTION: Final = 3

Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class Task:
    """A search: training and validation rows, input columns, and the number of trials."""

    train: Dataset
    valid: Dataset
    columns: Columns
    trials: int
    threads: int
    name: str


def search(task: Task, storage: Path, progress: Progress) -> list[Trial]:
    """Run or resume the search until it has its number of trials.

    Trials that lag behind at 100, 300 or 900 trees are pruned (asynchronous successive
    halving, Li et al. 2020); the others stop early after 400 trees without improvement. Each
    trial has a sampler seeded by its number, so a resumed search draws the same parameters as
    an uninterrupted one.
    """
    optuna.logging.set_verbosity(logging.WARNING)
    study = optuna.create_study(
        study_name=task.name,
        storage=f"sqlite:///{storage}",
        direction="maximize",
        pruner=optuna.pruners.SuccessiveHalvingPruner(
            min_resource=_MIN_RESOURCE, reduction_factor=_REDUCTION
        ),
        load_if_exists=True,
    )
    _close_unfinished(study)
    inputs = Inputs(task.columns, task.train)
    pools = [Pool(inputs(part.features), codes(part.labels)) for part in (task.train, task.valid)]
    while (done := len(_finished(study))) < task.trials:
        progress(f"tune: {task.name}", done / task.trials)
        study.sampler = optuna.samplers.TPESampler(
            seed=SEED + done, multivariate=True, n_startup_trials=8
        )
        study.optimize(lambda trial: _value(trial, pools, task.threads), n_trials=1)
    progress(f"tune: {task.name}", 1.0)
    return [_record(trial) for trial in _finished(study)]


def best(trials: list[Trial], count: int) -> list[Trial]:
    """Return the best completed trials, best first."""
    whole = [trial for trial in trials if trial.state == "COMPLETE" and trial.value is not None]
    return sorted(whole, key=lambda trial: -(trial.value or 0.0))[:count]


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """Draw parameters from the search space; coarse borders make a trial cheap."""
    parameters: dict[str, Any] = {
        "loss_function": trial.suggest_categorical(
            "loss_function", ["MultiClass", "MultiClassOneVsAll"]
        ),
        "learning_rate": trial.suggest_float("learning_rate", 0.06, 0.25, log=True),
        "iterations": trial.suggest_int("iterations", 900, 2400, step=300),
        "depth": trial.suggest_int("depth", 5, 8),
        "l2_leaf_reg": trial.suggest_float("l2_leaf_reg", 0.5, 10.0, log=True),
        "random_strength": trial.suggest_float("random_strength", 0.05, 5.0, log=True),
        "rsm": trial.suggest_float("rsm", 0.06, 0.3, log=True),
        "border_count": trial.suggest_categorical("border_count", [32, 64, 128]),
        "bootstrap_type": trial.suggest_categorical(
            "bootstrap_type", ["Bernoulli", "Bayesian", "MVS", "No"]
        ),
    }
    if parameters["bootstrap_type"] in {"Bernoulli", "MVS"}:
        parameters["subsample"] = trial.suggest_float("subsample", 0.5, 1.0)
    if parameters["bootstrap_type"] == "Bayesian":
        parameters["bagging_temperature"] = trial.suggest_float("bagging_temperature", 0.0, 1.0)
    return parameters


def _value(trial: optuna.Trial, pools: list[Pool], threads: int) -> float:
    parameters = suggest(trial)
    callback = _PruningCallback(trial)
    classifier = CatBoostClassifier(
        **parameters,
        random_seed=SEED,
        thread_count=threads,
        allow_writing_files=False,
        logging_level="Silent",
        eval_metric=METRIC,
        metric_period=STEP,
        use_best_model=False,
    )
    classifier.fit(pools[0], eval_set=pools[1], callbacks=[callback])
    if callback.pruned:
        raise optuna.TrialPruned
    trial.set_user_attr("trees", callback.trees_at_best)
    return callback.best


class _PruningCallback:
    """CatBoost's callback: reports scores to Optuna, and prunes or stops early."""

    def __init__(self, trial: optuna.Trial) -> None:
        self._trial = trial
        self._seen = 0
        self.best = -np.inf
        self.trees_at_best = 0
        self.pruned = False

    def after_iteration(self, info: SimpleNamespace) -> bool:
        values = info.metrics["validation"][METRIC]
        if len(values) == self._seen:
            return True
        self._seen = len(values)
        if values[-1] > self.best:
            self.best, self.trees_at_best = values[-1], info.iteration
        self._trial.report(self.best, info.iteration)
        self.pruned = self._trial.should_prune()
        return not self.pruned and info.iteration - self.trees_at_best < _PATIENCE


def _finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    states = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    return study.get_trials(deepcopy=False, states=states)


def _close_unfinished(study: optuna.Study) -> None:
    """Mark trials that a stopped run left open as failed; others are drawn in their place."""
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)


def _record(trial: optuna.trial.FrozenTrial) -> Trial:
    value = trial.value
    if value is None and trial.intermediate_values:
        value = trial.intermediate_values[max(trial.intermediate_values)]
    return Trial(
        number=trial.number,
        state=trial.state.name,
        value=value,
        parameters={**trial.params, "trees": trial.user_attrs.get("trees")},
    )
