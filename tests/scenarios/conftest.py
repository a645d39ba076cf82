"""The plays of a file of tests: all of them at once, before its first test."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import TypeAlias

import pytest
import trio

from tests.scenarios.carriers import CARRIERS, Carrier
from tests.scenarios.play import Played, Programme, play_all
from tests.scenarios.stage import Stage, open_stage

Stages: TypeAlias = Mapping[str, Stage]


@pytest.fixture(scope="module")
def stages(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stages]:
    """The daemon of each carrier."""
    programme: Programme = request.module.PROGRAMME

    def start(*rows: Carrier) -> Stage:
        folder = tmp_path_factory.mktemp("daemon")
        return stack.enter_context(open_stage(folder, rows, programme.more))

    with ExitStack() as stack:
        if programme.share_daemon:
            yield dict.fromkeys(CARRIERS, start(*CARRIERS.values()))
        else:
            yield {name: start(row) for name, row in CARRIERS.items()}


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest, stages: Stages) -> Mapping[str, Played]:
    """All plays of this file, with all carriers."""
    return trio.run(play_all, stages, CARRIERS, request.module.PROGRAMME)


@pytest.fixture
def held(carrier: Carrier, played: Mapping[str, Played]) -> Played:
    """The plays with one carrier."""
    return played[carrier.name]


@pytest.fixture
def stage(carrier: Carrier, stages: Stages) -> Stage:
    """The daemon of one carrier."""
    return stages[carrier.name]
