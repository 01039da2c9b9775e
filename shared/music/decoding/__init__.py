"""From any audio file to mono samples at ``SAMPLE_RATE``.

* ``decoder``: ``decode`` yields a file's samples, ``probe`` describes a file.
* ``slices``: ``Slice`` decodes a few minutes and says where the next slice begins;
  ``excerpt`` decodes a short span again.
* ``resumable``: the decoder behind both, which can start at a ``ResumePoint``.
* ``container``, ``signature``, ``frames``: open a file, recognize it, read its frames.
* ``blocks``, ``track_meter``: streams of blocks; length and level of a track.
* ``pcm``, ``level``: conversion to and from 16-bit PCM; level in dB full scale.
"""
