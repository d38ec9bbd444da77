"""`python -m migrator` is `opencode-migrator`."""

from migrator.cli import main

main()
