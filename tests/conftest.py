"""For all tests: OpenMP's threads are as many as in the daemon, see `voicecalld.__main__`."""

import os

os.environ.setdefault("OMP_THREAD_LIMIT", "1")
