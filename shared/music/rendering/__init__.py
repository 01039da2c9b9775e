"""A verdict as people see it.

* ``figure``: ``draw`` makes the picture; ``header``, ``theme`` and ``fonts`` are its parts.
* ``clip``: the excerpt in which the genre is strongest, as a voice message.
* ``mel_preview``: the small spectrogram that the picture shows.
* ``wording``: words and percentages shared by the chat, the picture and the command line.
"""
