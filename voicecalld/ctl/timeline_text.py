"""The drawing of a call in a terminal: a row for each speaker, one character for a fixed time."""

from collections.abc import Iterator
from typing import Final

from voicecalld.ctl.screen import Screen
from voicecalld.ctl.timeline import SHARES, SPEAKERS, Answer, Speech, Timeline, show_time

COLUMNS: Final = 60  # with the names before them they fit where lines have eighty
LABEL: Final = 10
TICK: Final = 10  # columns from one time to the next

# The finest at which the drawing has at most as many blocks of rows: a minute with 0.1 s.
STEPS_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
MOST_BLOCKS: Final = 10

SPEAKS: Final = "="
CUT: Final = "x"
CUT_MOMENT: Final = "!"


def show_timeline(timeline: Timeline, screen: Screen) -> None:
    """Draw a call, then list its answers and its words."""
    for line in draw(timeline):
        screen.line(line)
    if timeline.answers:
        screen.line("")
        screen.line("milliseconds that the caller waited")
        heads = ("answer", "from", *SHARES.values(), "sum")
        screen.table(heads, [describe_answer(answer) for answer in timeline.answers])
    if timeline.speeches:
        screen.line("")
    for speech in timeline.speeches:
        screen.line(describe_speech(speech))


def draw(timeline: Timeline) -> list[str]:
    """The lines of the drawing."""
    step_s = choose_step(timeline.lasts_s)
    columns = max(1, column_of(timeline.lasts_s, step_s))
    rows = Rows(columns)
    fill(rows, timeline, step_s)
    legend = "  ".join(f"{name[0]} {name}" for name in SHARES.values())
    lines = [
        f"{timeline.title}; {show_time(timeline.lasts_s)}, a character is {step_s:g} s",
        f"{SPEAKS} speaks  {CUT} cut short  caller waits for: {legend}",
    ]
    for begin in range(0, columns, COLUMNS):
        end = min(begin + COLUMNS, columns)
        lines += ["", *scale(begin, end, step_s)]
        for name, row in rows.rows.items():
            lines.append((name.ljust(LABEL) + "".join(row[begin:end])).rstrip())
    return lines


class Rows:
    """The rows of the drawing by their names; one that nothing is put into is left out."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows = {name: [" "] * columns for name in SPEAKERS}

    def put(self, name: str, column: int, chars: str) -> None:
        """Put *chars* into a row, as near to *column* as they fit."""
        row = self.rows.setdefault(name, [" "] * self.columns)
        first = max(0, min(column, self.columns - len(chars)))
        fitting = chars[: self.columns]
        row[first : first + len(fitting)] = fitting


def fill(rows: Rows, timeline: Timeline, step_s: float) -> None:
    """Put all that has happened where it belongs; words lie above what was waited for."""
    for answer in timeline.answers:
        for column, char in share_columns(answer, step_s):
            rows.put("bot", column, char)
    for speech in timeline.speeches:
        for column, char in speech_columns(speech, step_s):
            rows.put(speech.speaker, column, char)
    for cut_s in timeline.cuts_s:
        rows.put("cuts", column_of(cut_s, step_s), CUT_MOMENT)
    for pressed in timeline.keys:
        name = "keys out" if pressed.is_ours else "keys in"
        rows.put(name, column_of(pressed.at_s, step_s), pressed.digits)


def choose_step(lasts_s: float) -> float:
    """The time of one character."""
    for step_s in STEPS_S:
        if lasts_s <= step_s * COLUMNS * MOST_BLOCKS:
            return step_s
    return STEPS_S[-1]


def share_columns(answer: Answer, step_s: float) -> Iterator[tuple[int, str]]:
    """The columns of an answer that has not begun yet, with what it waits for."""
    for share in answer.shares:
        for column in columns_of(share.begin_s, share.end_s, step_s):
            yield column, share.name[0]


def speech_columns(speech: Speech, step_s: float) -> Iterator[tuple[int, str]]:
    """The columns of an utterance: one at least, or nobody would see it."""
    first = column_of(speech.begin_s, step_s)
    columns = columns_of(speech.begin_s, speech.end_s, step_s) or range(first, first + 1)
    for column in columns:
        is_last = column == columns[-1]
        yield column, CUT if speech.is_cut and is_last else SPEAKS


def columns_of(begin_s: float, end_s: float, step_s: float) -> range:
    """The columns of a stretch of time, so that stretches which touch do not share one."""
    return range(column_of(begin_s, step_s), column_of(end_s, step_s))


def column_of(at_s: float, step_s: float) -> int:
    """The column that begins next to a time."""
    return max(0, round(at_s / step_s))


def scale(begin: int, end: int, step_s: float) -> Iterator[str]:
    """Two lines above the rows: times, and where they are."""
    ticks = range(begin, end, TICK)
    yield " " * LABEL + "".join(show_time(tick * step_s).ljust(TICK) for tick in ticks).rstrip()
    yield " " * LABEL + "".join("|".ljust(TICK) for _ in ticks).rstrip()


def describe_answer(answer: Answer) -> list[str]:
    """A row of the table of answers; a dash for what was not measured."""
    took = {share.name: str(share.lasts_ms) for share in answer.shares}
    waited = answer.waited_ms
    return [
        answer.turn,
        show_time(answer.begin_s, tenths=True),
        *(took.get(name, "-") for name in SHARES.values()),
        "-" if waited is None else str(waited),
    ]


def describe_speech(speech: Speech) -> str:
    """An utterance in one line."""
    cut = "  (interrupted)" if speech.is_cut else ""
    begin, end = (show_time(at_s, tenths=True) for at_s in (speech.begin_s, speech.end_s))
    return f"{begin:>7} - {end:>7}  {speech.speaker:4}  {speech.text}{cut}"
