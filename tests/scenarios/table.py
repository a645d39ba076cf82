"""The table of carriers and scenarios at the end of a run of the tests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pytest

FOLDER = PurePosixPath("tests/scenarios")
TITLES: Mapping[str, str] = {
    "test_streams": "with media streams",
    "test_native": "without media streams",
    "test_faults": "when the network fails",
    "test_several": "several carriers at once",
    "test_limits": "when a call takes too long",
    "test_process": "when the daemon ends, stops or returns",
}
WIDTH = 72
OUTCOMES: Mapping[str, bool] = {"passed": True, "failed": False, "error": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What has become of one test; ``name`` is the scenario's, in words."""

    file: str
    name: str
    carrier: str
    is_ok: bool


def write_table(reporter: pytest.TerminalReporter) -> None:
    """Write the table, if there is anything in it."""
    reports = [(each, kind) for kind in OUTCOMES for each in reporter.stats.get(kind, ())]
    if not any(each.nodeid.startswith(str(FOLDER)) for each, _ in reports):
        return
    from tests.scenarios.carriers import CARRIERS  # the simulators are slow to import

    played = [
        read_outcome(each.nodeid, is_ok=OUTCOMES[kind], carriers=[*CARRIERS])
        for each, kind in reports
    ]
    reporter.section("carriers x scenarios")
    for line in render_table(filter(None, played), [*CARRIERS]):
        reporter.write_line(line)


def read_outcome(node: str, *, is_ok: bool, carriers: Sequence[str]) -> Played | None:
    """What the test *node* says of a scenario with one of *carriers*; None if nothing."""
    file, _, test = node.partition("::")
    test, _, arguments = test.removesuffix("]").partition("[")
    carrier = next((name for name in arguments.split("-") if name in carriers), None)
    path = PurePosixPath(file)
    if carrier is None or path.parent != FOLDER:
        return None
    name = test.removeprefix("test_").replace("_", " ")
    return Played(file=path.stem, name=name, carrier=carrier, is_ok=is_ok)


def render_table(played: Iterable[Played], carriers: Sequence[str]) -> Iterator[str]:
    """The lines of the table: a row for each scenario, a column for each carrier."""
    outcomes: dict[str, dict[str, dict[str, bool]]] = {}
    for each in played:
        cells = outcomes.setdefault(each.file, {}).setdefault(each.name, {})
        cells[each.carrier] = cells.get(each.carrier, True) and each.is_ok
    for file in sorted(outcomes, key=[*TITLES, *outcomes].index):
        yield render_row(TITLES.get(file, file), carriers)
        for name, cells in outcomes[file].items():
            words = {True: "ok", False: "FAILED", None: "-"}
            yield render_row(f"  {name}", [words[cells.get(carrier)] for carrier in carriers])


def render_row(title: str, cells: Iterable[str]) -> str:
    """One line."""
    short = title if len(title) <= WIDTH else f"{title[: WIDTH - 3]}..."
    return f"{short:{WIDTH}}  {''.join(f'{cell:8}' for cell in cells)}".rstrip()
