"""`python -m tests.fuzz`: each target in a process of its own for its share of the time; new inputs stay in `.cache`."""

import argparse
import subprocess
import sys
from pathlib import Path

_CORPUS = Path(__file__).parent / "corpus"
_NAMES = sorted(folder.name for folder in _CORPUS.iterdir())
_FOUND = Path(".cache/fuzz")
#: Longer inputs find nothing that shorter ones do not, and take longer.
_LONGEST = 4096


def search(name: str, seconds: int) -> None:
    """Fuzz one target; ends the process with another status than 0 on a finding."""
    import atheris

    # Only what is imported within is watched for new branches: our own code, not the libraries'.
    with atheris.instrument_imports(include=["app"]):
        from tests.fuzz.targets import TARGETS

    kept, found = _FOUND / name / "inputs", _FOUND / name / "findings"
    for folder in (kept, found):
        folder.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", f"-max_len={_LONGEST}", f"-artifact_prefix={found}/", "-timeout=20"]
    atheris.Setup([sys.argv[0], str(kept), str(_CORPUS / name), *options, "-print_final_stats=1"], TARGETS[name])
    atheris.Fuzz()


def main() -> int:
    """Run all targets one after another; return 1 when one of them found something."""
    words = argparse.ArgumentParser(prog="make fuzz", description="Fuzz the parsers.")
    words.add_argument("--seconds", type=int, default=600, help="for all targets together")
    words.add_argument("--target", choices=_NAMES, help="this one only, in this process")
    given = words.parse_args()
    if given.target:
        search(given.target, given.seconds)
        return 0
    share = max(1, given.seconds // len(_NAMES))
    failed = []
    for name in _NAMES:
        print(f"== {name}: {share} s", flush=True)
        command = [sys.executable, "-m", "tests.fuzz", "--target", name, "--seconds", str(share)]
        if subprocess.run(command, check=False).returncode != 0:
            failed.append(name)
    if failed:
        print(f"Findings in {_FOUND} for: {', '.join(failed)}. Keep each in tests/fuzz/corpus and mend the parser.")
    return 1 if failed else 0


sys.exit(main())
