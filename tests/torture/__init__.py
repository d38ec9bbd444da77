"""Hostile things done to a home, and our command in it, without end: rounds of tries that anybody can repeat.

A *round* is a module here that has `tries`. docs/torture.md says how to run them and how to write one.
"""
