"""The contracts plan@1, run@1 and log@1: written and read here only, each described by a JSON Schema."""
