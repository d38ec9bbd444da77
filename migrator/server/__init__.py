"""The HTTP face: routes and field names of opencode's session history proposal, over the same operations as the CLI.

Starlette and uvicorn are imported below here only; they come with the extra `[server]`.
"""
