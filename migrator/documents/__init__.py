"""The contracts plan@1 and run@1: written and read here only, each described by a JSON Schema beside its code."""
