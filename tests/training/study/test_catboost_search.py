"""The search for parameters."""

from pathlib import Path

import optuna
import pytest

from training.data.gtzan import Dataset
from training.study.tuning import catboost_search
from training.study.tuning.catboost_search import Task, best, search, suggest

Stages = list[tuple[str, float]]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every trial have few trees, and look at them often."""
    monkeypatch.setattr(catboost_search, "STEP", 5)
    monkeypatch.setattr(catboost_search, "_MIN_RESOURCE", 10)
    monkeypatch.setattr(catboost_search, "_PATIENCE", 20)
    drawn = catboost_search.suggest
    monkeypatch.setattr(
        catboost_search, "suggest", lambda trial: {**drawn(trial), "iterations": 40, "depth": 3}
    )


def _task(dataset: Dataset, trials: int) -> Task:
    learned = {track for track in dataset.tracks.tolist() if track[-1] in "0123"}
    judged = set(dataset.tracks.tolist()) - learned
    return Task(dataset.of(learned), dataset.of(judged), "published", trials, 1, "t")


def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been(
    dataset: Dataset, tmp_path: Path
) -> None:
    """Two trials and then three more are the five of a search in one go."""
    stages: Stages = []
    search(_task(dataset, 2), tmp_path / "a.sqlite3", lambda *_: None)
    resumed = search(_task(dataset, 5), tmp_path / "a.sqlite3", lambda *step: stages.append(step))
    whole = search(_task(dataset, 5), tmp_path / "b.sqlite3", lambda *_: None)
    assert resumed == whole
    assert [share for _, share in stages] == [0.4, 0.6, 0.8, 1.0]
    again = search(_task(dataset, 5), tmp_path / "a.sqlite3", lambda *_: None)
    assert again == whole


def test_a_trial_that_was_cut_off_is_replaced(dataset: Dataset, tmp_path: Path) -> None:
    """A trial left open by a killed process neither counts nor blocks."""
    path = tmp_path / "a.sqlite3"
    search(_task(dataset, 1), path, lambda *_: None)
    optuna.load_study(study_name="t", storage=f"sqlite:///{path}").ask()
    found = search(_task(dataset, 2), path, lambda *_: None)
    assert len(found) == 2
    assert {trial.state for trial in found} <= {"COMPLETE", "PRUNED"}


def test_the_best_are_those_that_ran_to_their_end(dataset: Dataset, tmp_path: Path) -> None:
    """Stopped trials are kept for the figure and never refitted."""
    found = search(_task(dataset, 6), tmp_path / "a.sqlite3", lambda *_: None)
    chosen = best(found, 2)
    assert all(trial.state == "COMPLETE" for trial in chosen)
    values = [trial.value or 0.0 for trial in found if trial.state == "COMPLETE"]
    assert [trial.value for trial in chosen] == sorted(values, reverse=True)[:2]


def test_only_settings_of_the_drawn_bootstrap_are_set() -> None:
    """CatBoost refuses a subsample with some bootstraps, and a temperature with others."""
    for bootstrap, extra in (("Bernoulli", "subsample"), ("Bayesian", "bagging_temperature")):
        trial = optuna.trial.FixedTrial(
            {
                "loss_function": "MultiClass",
                "learning_rate": 0.1,
                "iterations": 900,
                "depth": 6,
                "l2_leaf_reg": 3.0,
                "random_strength": 1.0,
                "rsm": 0.1,
                "border_count": 32,
                "bootstrap_type": bootstrap,
                extra: 0.7,
            }
        )
        found = suggest(trial)  # type: ignore[arg-type]
        assert found[extra] == 0.7
        assert len({"subsample", "bagging_temperature"} & set(found)) == 1
