"""From features and tags to genre probabilities and a verdict.

* ``classifier``: ``GenreModel`` loads the trained model, predicts, and gives verdicts.
* ``verdict``: ``Verdict``, the result.
* ``audibility``, ``aggregation``: which chunks are audible, and windows of them as rows.
* ``scoring``, ``discriminants``, ``calibration``: rows to scores, and scores to probabilities.
* ``music_detector``: whether a track is music, speech, noise or a tone.
* ``styles``: tags that a track stands out by, and styles beyond the ten genres.
* ``sections``: where the sound of a track changes.
* ``reasons``: what speaks for a genre, and against it.
* ``model_metadata``: the JSON file beside the model.
* ``catboost_import``: CatBoost without pandas, for programs that start quickly.
"""
