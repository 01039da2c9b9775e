"""pydub, imported without the warnings that do not concern us.

It warns that ffmpeg is not on the PATH, which we never let it call; Python 3.11 and
3.12 warn that ``audioop`` goes away, which ``audioop-lts`` brings back; and its
regular expressions hold escapes that newer compilers complain of. Everything that
uses pydub takes it from here, so that the first import is this one.
"""

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Couldn't find ff", RuntimeWarning)
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    warnings.filterwarnings("ignore", r".*invalid escape sequence", DeprecationWarning)
    warnings.filterwarnings("ignore", r".*invalid escape sequence", SyntaxWarning)
    from pydub import AudioSegment

__all__ = ["AudioSegment"]
