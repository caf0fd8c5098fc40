"""The faults of `faults.toml` can still be planted; the slow suite plants them and the tests notice every one."""

import pytest
from planted.plant import PROJECT, Fault, copy_of_the_project, is_noticed, read_faults

FAULTS = read_faults()


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_fault_can_be_planted(fault: Fault) -> None:
    """Where this fails, the code has changed: write the fault as it would be now, or take it out of the list."""
    text = (PROJECT / fault.file).read_text(encoding="utf-8")
    assert text.count(fault.old) == 1
    compile(text.replace(fault.old, fault.new), fault.file, "exec")
    assert (PROJECT / fault.tests).is_file()


def test_every_fault_is_there_once_and_changes_something() -> None:
    assert len({(fault.file, fault.new) for fault in FAULTS}) == len(FAULTS)
    assert all(fault.old != fault.new for fault in FAULTS)


@pytest.mark.slow
def test_every_fault_is_noticed() -> None:
    with copy_of_the_project() as copy:
        assert [str(fault) for fault in FAULTS if not is_noticed(fault, copy)] == []
