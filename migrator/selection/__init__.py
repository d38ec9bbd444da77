"""Selecting: from what a person asked for to whole session trees.

The selector contract is re-exported here: `from migrator.selection import Selector` is the import path of plug-ins.
"""

from migrator.selection.contract import Clause, Facts, Selector, SelectorContext, SelectorPlugin

__all__ = ["Clause", "Facts", "Selector", "SelectorContext", "SelectorPlugin"]
