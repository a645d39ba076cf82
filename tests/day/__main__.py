"""Plays the conversations of the day: `python -m tests.day`; `--write` renews the goldens."""

import os

# As `voicecalld.__main__` does, and before the speech model's library is loaded.
os.environ.setdefault("OMP_THREAD_LIMIT", "1")

from tests.day.program import main

if __name__ == "__main__":
    raise SystemExit(main())
