"""From features and tags to genre probabilities and a verdict.

* ``classifier``: ``GenreModel`` loads the trained model and predicts.
* ``aggregation``: the row that the classifier sees of a window of ten chunks.
* ``audibility``: which chunks are not silent.
* ``music_detector``: whether a track is music, speech, noise or a tone.
* ``verdict``: ``Verdict``, the result.
* ``model_metadata``: the JSON file beside the model.
* ``catboost_import``: CatBoost without pandas, for programs that start quickly.
"""
