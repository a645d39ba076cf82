"""The command `voicecalld`, also `python -m voicecalld`: the daemon."""

import os

# The speech model asks OpenMP for four threads for every 32 ms of sound, which then spin: ten
# times the CPU time and no gain. OpenMP reads its variables when the library is loaded, which the
# next import does.
os.environ.setdefault("OMP_THREAD_LIMIT", "1")

from voicecalld.daemon import main

if __name__ == "__main__":
    main()
