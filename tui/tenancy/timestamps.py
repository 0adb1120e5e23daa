"""Format times for people: a clock time today, else a date; never an age."""

from datetime import datetime


def short_time(stamp: str, now: str) -> str:
    """Format an ISO time or date as `14:02` (today, local), `21 Nov` or `21 Nov 2025`; '' stays ''."""
    if not stamp:
        return ""
    try:
        then, today = datetime.fromisoformat(stamp), datetime.fromisoformat(now).astimezone()
    except ValueError:
        return ""
    if len(stamp) > 10:
        then = then.astimezone()
        if then.date() == today.date():
            return f"{then:%H:%M}"
    return f"{then.day} {then:%b}" + (f" {then.year}" if then.year != today.year else "")


def at(stamp: str, now: str) -> str:
    """Format an ISO time or date for a sentence: `at 14:02`, `on 21 Nov`; '' stays ''."""
    time = short_time(stamp, now)
    return f"{'at' if ':' in time else 'on'} {time}" if time else ""


def long_time(stamp: str, now: str) -> str:
    """Format an ISO time as date and local time: `22 Nov 13:51`."""
    try:
        then, today = datetime.fromisoformat(stamp).astimezone(), datetime.fromisoformat(now).astimezone()
    except ValueError:
        return ""
    return f"{then.day} {then:%b}" + (f" {then.year}" if then.year != today.year else f" {then:%H:%M}")
