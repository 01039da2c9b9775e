"""From sound to genre: functions on arrays, without Redis, Celery or Telegram.

Start with ``pipeline.analyse``, which takes a file to a verdict. The stages, in order:

* ``decoding``: any audio file to mono samples at 22 050 Hz.
* ``chunking``: samples to chunks of 3 s, and chunks to segments.
* ``features``: the 57 published features of a chunk.
* ``tagging``: the 50 tags of a chunk.
* ``model``: features and tags to genre probabilities and a verdict.
* ``rendering``: the picture, the clip and the words of a verdict.
* ``constants``: every number of this chain, with its unit.

``genrebot.music`` re-exports what a notebook needs.
"""
