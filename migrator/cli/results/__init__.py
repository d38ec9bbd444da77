"""What a person is told, and asked: a plan, a run, a list, a report, and what can be done next."""
