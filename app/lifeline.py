"""Portal and worker end with `portico serve`, also where it was killed and could tell them nothing.

Each looks whether its parent is still the one that started it, as gunicorn's own workers do with theirs. Standard library
only: this is all that the portal's master, which serves nothing itself, loads of Portico.
"""

import os
import signal
import threading
import time

#: The variable that names the process whose end is ours; a process started by anybody else has none.
PARENT = "SUPERVISOR_PID"
LOOK_SECONDS = 0.5
#: For what is being answered or done; whatever is cut off afterwards was not acknowledged.
GRACE_SECONDS = 3.0


def hold() -> None:
    """End this process and all of its group once the process that the variable names is no longer its parent."""
    parent = os.environ.get(PARENT)
    if parent is not None:
        threading.Thread(target=_watch, args=(int(parent),), name="lifeline", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    # The others of the group get no signal yet: a PDF that is being made would count as one that cannot be made.
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.killpg(os.getpid(), signal.SIGKILL)
