import io
from dataclasses import replace

import pytest

from tests.ctl.timelines import empty, said, timeline
from voicecalld.ctl.screen import Screen
from voicecalld.ctl.timeline import Timeline
from voicecalld.ctl.timeline_text import COLUMNS, LABEL, MOST_BLOCKS, choose_step, show_timeline


def shown(drawn: Timeline) -> list[str]:
    stream = io.StringIO()
    show_timeline(drawn, Screen(stream))
    return stream.getvalue().splitlines()


def rows(drawn: Timeline, name: str) -> list[str]:
    """A row of the drawing, block by block."""
    return [line[LABEL:] for line in shown(drawn) if line[:LABEL].rstrip() == name]


def test_a_row_for_each_speaker_shows_who_spoke_when_and_what_was_cut() -> None:
    user, bot = rows(timeline(), "user"), rows(timeline(), "bot")

    # A tenth of a second a character, and six seconds a line.
    assert user == [" " * 18 + "=" * 22, ""]
    assert bot[0] == "=" * 19 + "x" + " " * 20 + "eeeee" + "t" + "aa" + "v" + "l" + "=" * 10
    assert bot[1] == "=" * 10
    assert rows(timeline(), "cuts")[0] == " " * 20 + "!"
    assert rows(timeline(), "keys in")[1] == " " * 30 + "5"
    assert rows(timeline(), "keys out")[1] == " " * 40 + "12"


def test_answers_are_listed_with_where_their_time_went() -> None:
    lines = shown(timeline())

    heads = lines.index("milliseconds that the caller waited") + 1
    assert lines[heads].split() == [
        "ANSWER", "FROM", "ENDPOINT", "TRANSCRIPT", "AGENT", "VOICE", "LINE", "SUM",
    ]  # fmt: skip
    assert lines[heads + 1].split() == ["2", "0:04.0", "500", "100", "200", "100", "100", "1000"]


def test_the_words_are_listed_with_their_times() -> None:
    assert shown(timeline())[-3:] == [
        " 0:00.0 -  0:02.0  bot   Hello! How can I  (interrupted)",
        " 0:01.8 -  0:04.0  user  What time is it?",
        " 0:05.0 -  0:07.0  bot   It is noon.",
    ]


def test_an_answer_that_was_never_heard_has_dashes() -> None:
    (answer,) = timeline().answers
    given_up = replace(timeline(), answers=(replace(answer, shares=answer.shares[:1]),))

    assert any(
        line.split() == ["2", "0:04.0", "500", "-", "-", "-", "-", "-"] for line in shown(given_up)
    )


def test_a_call_without_words_has_empty_rows_and_nothing_below_them() -> None:
    assert shown(empty()) == [
        "call-0, mock, inbound, hangup-user; 0:12, a character is 0.1 s",
        (
            "= speaks  x cut short  caller waits for: "
            "e endpoint  t transcript  a agent  v voice  l line"
        ),
        "",
        "          0:00      0:01      0:02      0:03      0:04      0:05",
        "          |         |         |         |         |         |",
        "user",
        "bot",
        "",
        "          0:06      0:07      0:08      0:09      0:10      0:11",
        "          |         |         |         |         |         |",
        "user",
        "bot",
    ]


def test_a_call_that_lasted_no_time_is_drawn() -> None:
    assert rows(replace(empty(), lasts_s=0.0), "user") == [""]


def test_the_shortest_word_is_seen() -> None:
    drawn = timeline(utterances=[said("user", "No.", 3.0, 3.0)], turns=[])

    assert rows(drawn, "user")[0] == " " * 30 + "="


def test_a_callers_words_cannot_drive_the_terminal() -> None:
    lines = shown(timeline(utterances=[said("user", "\x1b]0;owned\x07", 3.0, 4.0)]))

    assert lines[-1].endswith("\\x1b]0;owned\\x07")


@pytest.mark.parametrize(
    ("lasts_s", "step_s"), [(0, 0.1), (60, 0.1), (61, 0.2), (600, 1.0), (6000, 10.0), (9e9, 10.0)]
)
def test_a_character_is_the_finest_time_with_which_the_drawing_stays_short(
    lasts_s: float, step_s: float
) -> None:
    assert choose_step(lasts_s) == step_s


def test_an_hours_call_has_no_more_rows_than_ten_minutes_have() -> None:
    assert len(rows(replace(empty(), lasts_s=3600.0), "user")) <= MOST_BLOCKS
    assert len(rows(replace(empty(), lasts_s=600.0), "user")) == MOST_BLOCKS


@pytest.mark.parametrize(("lasts_s", "shown_keys"), [(12.0, " " * 51 + "123456789"), (0.3, "123")])
def test_keys_pressed_at_the_very_end_do_not_widen_the_drawing(
    lasts_s: float, shown_keys: str
) -> None:
    last = replace(timeline().keys[0], digits="123456789", at_s=lasts_s)

    assert rows(replace(empty(), keys=(last,), lasts_s=lasts_s), "keys in")[-1] == shown_keys


def test_no_line_of_the_drawing_is_wider_than_a_terminal() -> None:
    drawing = shown(timeline())[2:]

    assert max(len(line) for line in drawing) <= LABEL + COLUMNS
