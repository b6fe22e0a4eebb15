"""`portico` with the impatient worker: a killed worker's work is taken over after seconds instead of a minute."""

import sys

from app.cli import main, processes


class Supervisor(processes.Supervisor):
    """Keeps the portal and an impatient worker running."""

    def start(self) -> None:
        self._commands["worker"] = [sys.executable, "-m", "tests.reliability.impatient_worker"]
        super().start()


if __name__ == "__main__":
    setattr(processes, "Supervisor", Supervisor)  # noqa: B010 - takes the place of a class
    main()
