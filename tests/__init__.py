"""The tests; a package, so that `python -m tests.bench` and `tests.fakes` are found."""
