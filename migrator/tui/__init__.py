"""The terminal UI: look, mark, choose where to, see the plan, apply it, take it back. The extra `[tui]` brings textual.

It is a face like cli/ and server/: it builds the requests of arguments.py, calls operations/, and shows the texts of
reporting/. Nothing is written without its plan having been shown (`plan.py` is the only place that writes).
"""
