"""What shells offer while somebody types; `completion.py` beside this folder prints their scripts."""
