"""Every input the fuzzer was given to keep goes through its parser again."""

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

_CORPUS = Path(__file__).parent / "corpus"
_KEPT = sorted(_CORPUS.glob("*/*"))


@pytest.mark.parametrize("path", _KEPT, ids=[f"{path.parent.name}/{path.name}" for path in _KEPT])
def test_a_kept_input_is_rendered_safely_or_refused(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


def test_every_target_has_inputs_to_begin_with() -> None:
    assert {path.parent.name for path in _KEPT} == set(TARGETS)
