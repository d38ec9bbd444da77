"""Numbers as options take them: what is none of them is refused in words, not in those of a program."""

from __future__ import annotations

import click


class WholeNumber(click.IntRange):
    """A whole number."""

    name = "whole number"
