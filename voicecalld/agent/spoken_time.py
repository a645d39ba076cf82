"""The time of day as people say it."""

from datetime import datetime
from typing import Final

ONES: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
TENS: Final = {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty"}

# The first hour of each part of the day, latest first.
DAY_PARTS: Final = (
    (21, "at night"),
    (18, "in the evening"),
    (12, "in the afternoon"),
    (5, "in the morning"),
    (0, "at night"),
)


def say_time(time: datetime) -> str:
    """*time* in words, of twelve hours: "five past three" is said "three oh five"."""
    if time.minute == 0 and time.hour in (0, 12):
        return "noon" if time.hour == 12 else "midnight"
    hour = say_number(time.hour % 12 or 12)
    part = next(part for first_hour, part in DAY_PARTS if time.hour >= first_hour)
    return f"{hour} {say_minute(time.minute)} {part}"


def say_minute(minute: int) -> str:
    """The minute as it is said behind the hour."""
    if minute == 0:
        return "o'clock"
    return f"oh {say_number(minute)}" if minute < 10 else say_number(minute)


def say_number(number: int) -> str:
    """*number*, 0 to 59, in words."""
    if number < 20:
        return ONES[number]
    tens, ones = TENS[number - number % 10], number % 10
    return f"{tens}-{ONES[ones]}" if ones else tens
