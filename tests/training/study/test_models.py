"""Six classifiers behind one face."""

import numpy as np
import pytest

from shared.domain.genres import GENRES
from training.data.gtzan import Dataset
from training.study.classifiers.columns import Columns
from training.study.classifiers.models import DEFAULT_CLASSIFIERS, Recipe
from training.study.classifiers.soft_voting import SoftVote, recipe_from, weightings

QUICK = {"CatBoostClassifier": {"iterations": 20}, "XGBClassifier": {"n_estimators": 10}}


@pytest.mark.parametrize("recipe", DEFAULT_CLASSIFIERS, ids=lambda recipe: recipe.kind)
def test_each_learns_and_gives_probabilities(recipe: Recipe, dataset: Dataset) -> None:
    """Rows sum to 1, the likeliest genre is the told one, and what was learned is known."""
    fitted = Recipe(recipe.kind, QUICK.get(recipe.kind, {})).fit(dataset)
    found = fitted.probabilities(dataset.features)
    assert found.shape == (len(dataset), len(GENRES))
    assert found.sum(axis=1) == pytest.approx(1.0)
    told = fitted.predict(dataset.features)
    assert (np.array(GENRES)[found.argmax(axis=1)] == told).mean() > 0.97
    assert (told == dataset.labels).mean() > 0.8


@pytest.mark.parametrize("columns", ["published", "axes", "published+axes"])
def test_columns_can_be_chosen(columns: Columns, dataset: Dataset) -> None:
    """A classifier sees 57 columns, or twice as many, and learns from either."""
    fitted = Recipe("KNeighborsClassifier", {"n_neighbors": 1}, columns).fit(dataset)
    assert fitted.classifier.n_features_in_ == (114 if columns == "published+axes" else 57)
    assert (fitted.predict(dataset.features) == dataset.labels).all()


def test_a_genre_that_was_not_learned_has_no_probability(dataset: Dataset) -> None:
    """Columns keep their places where a genre is missing."""
    without = dataset.of({track for track in dataset.tracks.tolist() if "disco" not in track})
    found = Recipe("LogisticRegression").fit(without).probabilities(without.features)
    assert (found[:, GENRES.index("disco")] == 0).all()
    assert (np.array(GENRES)[found.argmax(axis=1)] == without.labels).mean() > 0.8


def test_one_against_all_is_brought_to_probabilities(dataset: Dataset) -> None:
    """CatBoost's one-vs-all outputs are made to sum to 1."""
    parameters = {"iterations": 10, "loss_function": "MultiClassOneVsAll"}
    found = Recipe("CatBoostClassifier", parameters).fit(dataset).probabilities(dataset.features)
    assert found.sum(axis=1) == pytest.approx(1.0)


def test_weights_share_the_whole_vote() -> None:
    """Every way to share tenths among three is there once, and each has a share."""
    found = weightings(3)
    assert len(found) == len(set(found)) == 36
    assert all(sum(weights) == pytest.approx(1.0) and min(weights) > 0 for weights in found)


def test_recipes_come_back_from_their_inputs() -> None:
    """What the results file keeps of a model is enough to build it again."""
    single = Recipe("SVC", {"C": 10.0}, "axes")
    vote = SoftVote(((single, 0.4), (Recipe("XGBClassifier"), 0.6)))
    assert recipe_from(single.inputs()) == single
    assert recipe_from(vote.inputs()) == vote
