"""Bars, times and percentages as text."""

FULL = "█"
EMPTY = "░"


def bar(share: float, width: int = 10) -> str:
    """Draw a share between 0 and 1 as ``width`` characters; a share above 0 always shows."""
    filled = round(max(0.0, min(1.0, share)) * width)
    if share > 0:
        filled = max(1, filled)
    return FULL * filled + EMPTY * (width - filled)


def clock(seconds: float) -> str:
    """Write a time in seconds as ``m:ss``, or ``h:mm:ss`` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def percent(share: float) -> str:
    """Write a share from 0 to 1 in whole percent; only exact 0 and 1 give "0 %" and "100 %"."""
    whole = round(100 * share)
    if whole == 0 < share:
        return "<1 %"
    if whole == 100 and share < 1:  # noqa: PLR2004 - percent
        return ">99 %"
    return f"{whole} %"
