import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import trio

from voicecalld.net.inlet import LEAST_AT_ONCE, MOST_LOOKS, Inlet
from voicecalld.net.wheel import Wheel

NOW_S = 1000.0
NEVER_S = 2000.0


class Counting:
    """Reads what is there, unless it is told to leave it."""

    def __init__(self, plain: socket.socket, *, leaves: bool = False) -> None:
        self.plain = plain
        self.leaves = leaves
        self.read: list[bytes] = []

    def read_now(self) -> None:
        self.read.append(b"" if self.leaves else self.plain.recv(100))


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def inlet() -> Inlet:
    return Inlet(Wheel(), lambda: NOW_S)


def test_only_those_read_who_have_something_to_read(inlet: Inlet) -> None:
    with pair() as (one, far_one), pair() as (other, _):
        readers = Counting(one), Counting(other)
        with inlet.reading(one, readers[0]), inlet.reading(other, readers[1]):
            far_one.send(b"hello")
            inlet.look(NEVER_S)
            inlet.look(NEVER_S)

    assert readers[0].read == [b"hello"]
    assert readers[1].read == []


def test_who_leaves_something_is_told_again(inlet: Inlet) -> None:
    with pair() as (ours, theirs):
        reader = Counting(ours, leaves=True)
        with inlet.reading(ours, reader):
            theirs.send(b"hello")
            inlet.look(NEVER_S)
            inlet.look(NEVER_S)

    assert len(reader.read) == 2


def test_who_has_gone_reads_no_more(inlet: Inlet) -> None:
    with pair() as (ours, theirs):
        reader = Counting(ours)
        theirs.send(b"hello")
        with inlet.reading(ours, reader):
            pass
        inlet.look(NEVER_S)

    assert reader.read == []


def test_the_wheel_has_a_watcher_only_while_somebody_reads(inlet: Inlet) -> None:
    with pair() as (one, _), pair() as (other, _):
        with inlet.reading(one, Counting(one)):
            with inlet.reading(other, Counting(other)):
                pass
            assert inlet in inlet.wheel.watchers
        assert inlet not in inlet.wheel.watchers


def test_a_socket_that_is_closed_meanwhile_may_leave_its_number_to_another(inlet: Inlet) -> None:
    with ExitStack() as stack, pair() as (first, _):
        number = first.fileno()
        with inlet.reading(first, Counting(first)):
            first.close()
            second, far = stack.enter_context(pair())
            assert second.fileno() == number
            reader = Counting(second)
            stack.enter_context(inlet.reading(second, reader))
        far.send(b"hello")
        inlet.look(NEVER_S)

        assert reader.read == [b"hello"]


def test_a_reader_that_ends_another_in_the_same_look_is_the_last_to_read(inlet: Inlet) -> None:
    with pair() as (one, far_one), pair() as (other, far_other):
        stacks = ExitStack(), ExitStack()

        class Ending(Counting):
            def read_now(self) -> None:
                super().read_now()
                for stack in stacks:
                    stack.close()

        readers = Ending(one), Ending(other)
        stacks[0].enter_context(inlet.reading(one, readers[0]))
        stacks[1].enter_context(inlet.reading(other, readers[1]))
        far_one.send(b"hello")
        far_other.send(b"hello")
        inlet.look(NEVER_S)

    assert len(readers[0].read) + len(readers[1].read) == 1


@contextmanager
def many_readers(inlet: Inlet, count: int) -> Iterator[list[Counting]]:
    """So many readers, each with something to read."""
    with ExitStack() as stack:
        readers = []
        for _ in range(count):
            ours, theirs = stack.enter_context(pair())
            theirs.send(b"hello")
            readers.append(Counting(ours))
            stack.enter_context(inlet.reading(ours, readers[-1]))
        yield readers


def test_all_are_read_when_there_is_time(inlet: Inlet) -> None:
    with many_readers(inlet, 30) as readers:
        inlet.look(NOW_S + 1)

        assert [reader.read for reader in readers] == [[b"hello"]] * 30


def test_when_there_is_no_time_a_few_are_read_at_each_look_and_all_in_turn(inlet: Inlet) -> None:
    with many_readers(inlet, 3 * LEAST_AT_ONCE) as readers:
        for reader in readers:
            reader.leaves = True  # so each of them has always something
        counts = []
        for _ in range(3):
            inlet.look(NOW_S - 1)
            counts.append(sum(len(reader.read) for reader in readers))

        assert counts == [LEAST_AT_ONCE, 2 * LEAST_AT_ONCE, 3 * LEAST_AT_ONCE]
        assert all(len(reader.read) == 1 for reader in readers)


def test_the_clock_is_asked_again_and_again(inlet: Inlet) -> None:
    times_s = iter([NOW_S, NOW_S, NOW_S + 2])
    inlet.now_s = lambda: next(times_s)
    with many_readers(inlet, 10 * LEAST_AT_ONCE) as readers:
        inlet.look(NOW_S + 1)

        assert sum(len(reader.read) for reader in readers) == 3 * LEAST_AT_ONCE


def test_with_many_readers_each_is_read_within_so_many_looks_although_there_is_no_time(
    inlet: Inlet,
) -> None:
    with many_readers(inlet, 450) as readers:
        for _ in range(MOST_LOOKS):
            inlet.look(NOW_S - 1)

        assert all(reader.read for reader in readers)


def test_one_look_reads_nobody_for_ever(inlet: Inlet) -> None:
    with many_readers(inlet, 2 * LEAST_AT_ONCE) as readers:
        for reader in readers:
            reader.leaves = True
        inlet.look(NEVER_S)

        assert [len(reader.read) for reader in readers] == [1] * len(readers)


async def test_the_wheel_looks_for_everybody() -> None:
    wheel = Wheel()
    inlet = Inlet(wheel)
    came = trio.Event()

    class Setting(Counting):
        def read_now(self) -> None:
            super().read_now()
            came.set()

    with pair() as (ours, theirs), inlet.reading(ours, Setting(ours)):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wheel.run)
            theirs.send(b"hello")
            await came.wait()
            nursery.cancel_scope.cancel()
