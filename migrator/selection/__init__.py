"""From what a person asked for to whole session trees.

Plug-ins import the selector contract from here: `from migrator.selection import Selector`.
"""

from migrator.selection.completion import completes
from migrator.selection.contract import Clause, Facts, Selector, SelectorContext, SelectorPlugin

__all__ = ["Clause", "Facts", "Selector", "SelectorContext", "SelectorPlugin", "completes"]
