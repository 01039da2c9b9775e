"""The 50 tags of a chunk, by the network MSD_musicnn.

* ``tagger``: ``Tagger`` loads the network and tags chunks.
* ``chunk_tags``: levels chunks before they are tagged, and tags them in a second thread.
* ``tagger_metadata``: the JSON file beside the network.
"""
