"""What programs read: plan@1, run@1 and log@1, written and read here only, and the JSON Schemas of all of it."""
