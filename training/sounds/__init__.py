"""Synthesized sounds that the music detector learns from.

``noise``, ``tones`` and ``speech`` (with ``speech_texts``) are not music, ``synthetic_music`` is.
``signals`` holds spectra, envelopes and levels, ``recording_conditions`` rooms, microphones and
telephones, ``clips`` draws clips of each kind. Everything follows from a seed, and no recording is
used, so no licence applies.
"""
