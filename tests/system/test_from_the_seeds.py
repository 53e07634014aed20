"""docs/from-the-seeds.md: what a row says is here is proved by the tests that the row names. They are
there, and in this run of ctest they have passed. The tests in containers are no part of every run; where
they were left out or skipped, it is only sure that they are there, and a warning says so."""

import collections
import os
import pathlib
import re
import warnings
import xml.etree.ElementTree as ElementTree

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
PAGE = (TESTS.parent / "docs/from-the-seeds.md").read_text(encoding="utf-8")
REPORTS = pathlib.Path(os.environ["STOCKROOM_TEST_REPORTS"])
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
TO_COME = "still to come"
MEASURED = "bench/README.md"  # what is measured is no test


def rows():
    """Of all tables: what was there, what is here, what is better, and the tests."""
    found = []
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] != "there" and set(line) != set("|-"):
            found.append(cells)
    return found


def cases_in(folder):
    """(file, case) of all that is there."""
    return {(path.name, case) for path in folder.rglob("test_*.py")
            for case in re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)}


def outcomes():
    """What became of each (file, case) in this run: of its parameters, and in both shapes."""
    found = collections.defaultdict(set)
    for report in REPORTS.glob("*.xml"):
        for case in ElementTree.parse(report).iter("testcase"):
            file = case.get("classname").rpartition(".")[2] + ".py"
            ends = {child.tag for child in case} & {"failure", "error", "skipped"}
            found[file, case.get("name").partition("[")[0]] |= ends or {"passed"}
    return found


CASES = cases_in(TESTS)
IN_CONTAINERS = cases_in(TESTS / "containers")
OUTCOMES = outcomes()
CONTAINERS_RAN = any(REPORTS.glob("containers.*.xml"))


def was_left_out(test):
    return test in IN_CONTAINERS and (OUTCOMES[test] == {"skipped"} or not CONTAINERS_RAN)


def has_passed(test):
    """Skipped with some parameters or in one shape it may be, but not everywhere."""
    return "passed" in OUTCOMES[test] and not OUTCOMES[test] & {"failure", "error"}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_a_row_is_proved_or_still_to_come(row):
    _, here, _, tests = row
    named = NAMED.findall(tests)
    assert named or MEASURED in tests or here.startswith(TO_COME)
    assert len(named) == tests.count("`") / 2, "each is written as `test_file.py::test_case`"
    assert [test for test in named if test not in CASES] == [], "they do not exist"
    left_out = [test for test in named if was_left_out(test)]
    wrong = {test: OUTCOMES[test] or "did not run" for test in named
             if test not in left_out and not has_passed(test)}
    assert not wrong
    if left_out:
        warnings.warn(f"NOT TESTED in this run, only there: {left_out}")


def test_every_seed_is_there():
    headings = re.findall(r"^## Seed (\d)", PAGE, re.MULTILINE)
    assert headings == list("01234")
    assert len(rows()) > 60
