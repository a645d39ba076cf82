"""A conversation by telephone on one machine, to be watched: `python -m voicecalld.demo`.

A daemon of its own calls a telephone of the mock carrier. Its party follows ``callee.toml``: asks,
interrupts the long answer, asks something else, and says goodbye.
"""
