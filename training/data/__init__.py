"""The GTZAN data set.

``gtzan`` reads the published tables and the audio, ``artist_splits`` the lists of tracks and the
artists, ``recordings`` joins features and tags of each track, ``datasets`` selects the tracks for
training and for testing.
"""
