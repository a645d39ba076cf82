import io
import math
import sys
from collections import Counter

import pytest

from tests.bench import __main__ as bench
from tests.bench.catalog import BENCHMARKS
from tests.bench.child import run_in_child
from tests.bench.figure import Effort, distribution, percentile
from tests.bench.lab import Tap
from tests.bench.pacing import LEAD_FRAMES, errors_of
from tests.bench.share import owner_of, percentage
from tests.bench.speech import FRAME_S
from tests.bench.table import HEADS, print_table
from voicecalld.provider.mock.media import encode_audio

ROWS = {
    "turn": 2,
    "barge-in": 2,
    "conversations": 3,
    "hang-up": 2,
    "pacing": 17,
    "media-twilio": 7,
    "media-telnyx": 7,
    "media-plivo": 7,
    "memory": 5,
    "command": 2,
    "start": 2,
    "journal": 2,
    "webhook": 1,
    "attack": 5,
    "soak": 3,
}


def test_every_benchmark_gives_all_its_rows_with_finite_figures() -> None:
    reports = run_in_child(*BENCHMARKS, effort=Effort.LEAST)

    figures = {report.name: report.figures for report in reports}
    assert {name: len(rows) for name, rows in figures.items()} == ROWS
    rows = [row for name in BENCHMARKS for row in figures[name]]
    assert [row for row in rows if not row.is_finite or row.n < 0] == []
    assert len({row.name for row in rows}) == len(rows)
    stream = io.StringIO()
    print_table(rows, stream)
    assert len(stream.getvalue().splitlines()) == 1 + len(rows)


def test_the_command_prints_a_table_of_the_benchmarks_that_were_named(
    capfd: pytest.CaptureFixture[str],
) -> None:
    bench.main(["--quick", "journal"])

    heads, *rows, machine = capfd.readouterr().out.splitlines()
    assert heads.split()[0] == HEADS[0].upper()
    assert len(rows) == ROWS["journal"]
    assert machine.startswith("Python ")


def test_a_name_that_is_no_benchmark_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_of:
        bench.main(["turn", "tunr"])

    assert exit_of.value.code == 2
    assert "no such benchmark: tunr" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([float(number) for number in range(1, 101)], 0.99, 99.0),
        ([float(number) for number in range(1, 51)], 0.99, 50.0),
        ([7.0], 0.99, 7.0),
    ],
)
def test_a_percentile_is_the_value_that_so_many_do_not_exceed(
    values: list[float], share: float, expected: float
) -> None:
    assert percentile(values, share) == expected


def test_the_figure_of_no_values_is_seen_to_be_none() -> None:
    nothing = distribution("nothing", "ms", [], limit="Nobody measured.")

    assert math.isnan(nothing.value)
    assert not nothing.is_finite


def test_a_frame_that_comes_a_tick_late_has_an_error_of_a_tick() -> None:
    numbers = range(LEAD_FRAMES + 9)
    # The lead at once, then every 20 ms; the fifth of those comes with the sixth.
    times = [100 + FRAME_S * max(0, number - LEAD_FRAMES + 1) for number in numbers]
    times[LEAD_FRAMES + 4] = times[LEAD_FRAMES + 5]
    frame = encode_audio(b"\x10" * 160)
    tap = Tap(to_daemon=[], to_carrier=[(at_s, frame) for at_s in times], moments=[])

    errors_s = errors_of(tap, 0, 200)

    assert [round(error_s, 6) for error_s in errors_s] == [0, 0, 0, 0, 0.02, 0, 0, 0, 0]


def test_what_runs_belongs_to_the_innermost_side_that_called_it() -> None:
    seen = []

    def look() -> None:
        seen.append(owner_of(sys._getframe()))

    names = {"look": look, "__name__": "voicecalld.exchange.line"}
    exec("look()", names)  # noqa: S102 - the cheapest way to a frame of another module
    look()

    assert seen == ["carrier", "loop"]
    assert percentage(Counter(seen), "carrier") == 50


def test_on_a_terminal_the_sentences_are_broken_to_fit() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    limit = "A sentence that is a good deal longer than what is left of eighty columns for it."

    print_table([distribution("a figure", "ms", [1.0], goal="p99 < 5", limit=limit)], terminal)

    lines = terminal.getvalue().splitlines()
    assert len(lines) > 2
    assert "p99 < 5" in lines[1]
