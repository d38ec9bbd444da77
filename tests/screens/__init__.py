"""What a person sees: whole stories in a terminal of 80 and of 120 columns, recorded, and looked at by somebody.

`python -m tests.screens` records them again. Look at each line of the diff: the test only says that it changed.
"""
