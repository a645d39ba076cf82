"""What the kernel knows about the processes of a test."""

from collections.abc import Iterator
from pathlib import Path


def children() -> frozenset[int]:
    """The processes that this one has started, the dead and unburied included."""
    while True:
        try:
            return frozenset(children_by_thread())
        except (FileNotFoundError, ProcessLookupError):
            continue  # a thread has ended meanwhile; its children are another's now


def children_by_thread() -> Iterator[int]:
    for task in Path("/proc/self/task").iterdir():
        yield from map(int, (task / "children").read_text(encoding="ascii").split())


def count_threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))
