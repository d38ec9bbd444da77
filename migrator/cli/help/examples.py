"""A few examples of each command, as its `--help` shows them: what for, and the words after the program's name."""

from __future__ import annotations

_SHOP = "--from-dir '~/src/shop-*' --to-dir ~/src/shop"

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "": (
        ("A folder was renamed or moved", "relocate ~/old ~/new"),
        ("Sessions are missing", "orphans"),
        ("Gather what many directories have", f"move {_SHOP}"),
        ("Take the last move back", "undo"),
    ),
    "ui": (
        ("Look through every session, mark, move", "ui"),
        ("Start on the sessions of some folders", "ui --from-dir '~/src/shop-*'"),
    ),
    "list": (
        ("What opencode lists in this directory", "list"),
        ("Every session of a folder, one that is gone too", "list --from-dir ~/src/shop"),
        ("Where did we talk about that?", "list --containing 'connection pool'"),
        ("What the last week brought, for a program", "list --all --since 1w --json"),
        ("The sessions of all release channels, each with its database", "list --all --channel '*'"),
    ),
    "projects": (
        ("Every project that opencode knows", "projects"),
        ("The same, for a program", "projects --json"),
    ),
    "orphans": (
        ("What is lost, why, and where it belongs", "orphans"),
        ("What one folder has lost, each session in full", "orphans --from-dir ~/src/shop --verbose"),
        ("Look for moved folders below ~/code too", "orphans --search ~/code"),
    ),
    "move": (
        ("Show what would move, and move nothing", f"move {_SHOP} --dry-run"),
        ("All sessions of a project to another folder", "move --from-project shop --to-dir ~/src/store"),
        ("One session and its children", "move --from-id ses_1a2b --to-dir ~/src/shop"),
    ),
    "migrate": (
        ("One session and its children to a directory", "migrate ses_1a2b ~/src/shop"),
        ("To this directory", "migrate ses_1a2b ."),
    ),
    "relocate": (
        ("The folder was renamed: its sessions follow", "relocate ~/src/shop ~/src/store"),
        ("It will be renamed next", "relocate --will-move ~/src/shop ~/src/store"),
        ("Another home, as after a new user name", "relocate --foreign /home/old /home/new"),
    ),
    "rescue": (
        ("Bring home what has a certain home", "rescue"),
        ("What has a likely one too, but show it only", "rescue --likely --dry-run"),
        ("One lost session", "rescue --from-id ses_1a2b --likely"),
    ),
    "consolidate": (
        ("The sessions of all workspaces into this repository's main one", "consolidate"),
        ("Those of one workspace into another", "consolidate ~/src/shop --only review --to-dir ~/src/shop"),
    ),
    "merge": (
        ("Everything that a backup has and this doesn't", "merge ~/backup/opencode.db"),
        ("What another release channel has, shown only", "merge --from-channel dev --dry-run"),
        ("Of another computer, with another home", "merge /media/usb/opencode.db --map /home/me=~"),
        ("Show what would come of one project", "merge old.db --from-project shop --dry-run"),
    ),
    "workspaces": (
        ("The workspaces of this repository", "workspaces"),
        ("Those of another one", "workspaces ~/src/shop"),
    ),
    "protect": (
        ("Show whose file undo would delete files", "protect --dry-run"),
        ("Mend it in one project", "protect --from-project shop"),
    ),
    "plan": (
        ("Save a plan, look at it, apply it", "plan --from-project shop --to-dir ~/src/store -o shop.json"),
        ("What rescue would do", "plan rescue --likely -o rescue.json"),
    ),
    "show": (
        ("What a saved plan would do", "show shop.json"),
        ("Each session of it", "show shop.json --verbose"),
        ("What a run has done", "show 20261128-101500-ab12"),
        ("As a page to look at and to send", "show shop.json --html shop.html"),
    ),
    "apply": (
        ("Apply a saved plan", "apply shop.json"),
        ("Without a question, once opencode is closed", "apply shop.json --yes --wait 60"),
    ),
    "log": (
        ("What was done so far, newest first", "log"),
        ("All of one run: every session, every turn", "log 20261128-101500-ab12 --verbose"),
        ("The last ten, for a program", "log --limit 10 --json"),
    ),
    "undo": (
        ("Show what taking the last run back would change", "undo --dry-run"),
        ("Take the last run back", "undo"),
        ("Take back one run of those in the log", "undo 20261128-101500-ab12"),
    ),
    "redo": (
        ("The undo was a mistake", "redo"),
        ("Without a question, once opencode is closed", "redo --yes --wait 60"),
    ),
    "resume": (
        ("Finish the run that was cut off", "resume"),
        ("Finish it without a question", "resume --yes"),
    ),
    "gc": (
        ("Show what would be removed", "gc --dry-run"),
        ("Remove what runs of the last month don't need", "gc --older-than 30"),
    ),
    "doctor": (
        ("Is all well?", "doctor"),
        ("Would any undo in opencode delete files?", "doctor --undo"),
        ("The same for a database of gigabytes, without reading all of it", "doctor --quick --undo"),
    ),
    "serve": (
        ("Answer on this machine, with a new token", "serve"),
        ("On a port, the token in a file", "serve --port 4646 --token-file ~/.config/migrator-token"),
    ),
    "schema": (
        ("Of what `plan -o` saves", "schema plan"),
        ("Of what `move --yes --json` prints", "schema run"),
        ("Of what `orphans --json` prints", "schema orphans"),
    ),
    "completion": (
        ("For bash: keep it in a file that ~/.bashrc sources", "completion bash > ~/.ocmig.bash"),
        ("For zsh: keep it in a directory of fpath", "completion zsh > ~/.zsh/_opencode-migrator"),
    ),
    "install-skill": (
        ("Show what would be installed, and where", "install-skill --dry-run"),
        ("For this project alone, to be committed with it", "install-skill --project"),
    ),
    "demo": (
        ("See a mass move and its undo on throw-away data", "demo"),
        ("Keep the data to try more", "demo --keep ~/migrator-demo"),
    ),
}
