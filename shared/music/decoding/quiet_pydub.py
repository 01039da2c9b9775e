"""pydub's ``AudioSegment``, imported without warnings that do not apply here.

pydub warns that ffmpeg is not on the PATH, but nothing here lets it call ffmpeg. Python 3.11
and 3.12 warn that ``audioop`` is deprecated; ``audioop-lts`` replaces it in 3.13. Newer compilers
warn about escapes in pydub's regular expressions. Import ``AudioSegment`` from this module only,
so that the first import is the one that filters these warnings.
"""

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Couldn't find ff", RuntimeWarning)
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    warnings.filterwarnings("ignore", r".*invalid escape sequence", DeprecationWarning)
    warnings.filterwarnings("ignore", r".*invalid escape sequence", SyntaxWarning)
    from pydub import AudioSegment

__all__ = ["AudioSegment"]
