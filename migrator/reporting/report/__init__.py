"""Reports that a person looks at: one value for each, drawn as a page of HTML or as Markdown.

A file for each thing that there is a report of makes the `Report` (model.py); html.py and markdown.py draw any of them.
What other people wrote, titles and paths, keeps its exact text until it is drawn.
"""
