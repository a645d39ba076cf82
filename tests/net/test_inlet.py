import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import trio

from voicecalld.net.inlet import Inlet
from voicecalld.net.wheel import Wheel


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
    return Inlet(Wheel())


def test_only_those_read_who_have_something_to_read(inlet: Inlet) -> None:
    with pair() as (one, far_one), pair() as (other, _):
        readers = Counting(one), Counting(other)
        with inlet.reading(one, readers[0]), inlet.reading(other, readers[1]):
            far_one.send(b"hello")
            inlet.look()
            inlet.look()

    assert readers[0].read == [b"hello"]
    assert readers[1].read == []


def test_who_leaves_something_is_told_again(inlet: Inlet) -> None:
    with pair() as (ours, theirs):
        reader = Counting(ours, leaves=True)
        with inlet.reading(ours, reader):
            theirs.send(b"hello")
            inlet.look()
            inlet.look()

    assert len(reader.read) == 2


def test_who_has_gone_reads_no_more(inlet: Inlet) -> None:
    with pair() as (ours, theirs):
        reader = Counting(ours)
        theirs.send(b"hello")
        with inlet.reading(ours, reader):
            pass
        inlet.look()

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
        inlet.look()

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
        inlet.look()

    assert len(readers[0].read) + len(readers[1].read) == 1


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
