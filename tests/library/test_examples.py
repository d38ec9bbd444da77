"""The examples in the docstrings of the library do what they show."""

from __future__ import annotations

import doctest

import pytest

import migrator
from migrator import library
from tests.library.docstrings import code_of

SHOWN = (
    "open_store",
    "OpenStore.history",
    "OpenStore.orphans",
    "OpenStore.projects",
    "select",
    "plan",
    "plan_merge",
    "plan_rescue",
    "apply",
    "runs",
)


@pytest.mark.usefixtures("stage")
def test_every_example_does_what_it_shows() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = {
        test.name.removeprefix("migrator.library."): test
        for test in finder.find(library, extraglobs={"migrator": migrator})
    }
    assert set(SHOWN) <= {name for name, test in examples.items() if test.examples}
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    said: list[str] = []
    for name in SHOWN:  # in this order: `runs` shows what `apply` did
        runner.run(examples[name], out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


@pytest.mark.usefixtures("stage")
def test_the_first_example_runs() -> None:
    assert migrator.__doc__ is not None
    exec(code_of(migrator.__doc__), {})
    assert [entry.undoes is not None for entry in migrator.runs()] == [True, False]
