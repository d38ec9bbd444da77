"""What opencode databases hold, and what people make them hold: names, directories, titles, times, sessions."""

from __future__ import annotations

import unicodedata

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from migrator.model import Binding, Session
from migrator.paths import below

DAILY, LONG = "daily", "long"
# How fast a machine is says nothing about what is right, and first examples pay for imports.
settings.register_profile(LONG, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(DAILY, settings.get_profile(LONG), max_examples=10, derandomize=True, database=None)


def examples(number: int) -> settings:
    """Try a law with so many examples in long rounds, and with a tenth of them in daily ones, always the same."""
    return settings(max_examples=max(number * settings().max_examples // 100, 2))


# Everything that is special to a glob, to LIKE, to a shell or to a line, and "é" in both of its spellings.
NASTY = "_%[]{}()*?!^~-,.\\ '\"$#\n\t" + "ab" + unicodedata.normalize("NFC", "é") + "e" + "\u0301" + "ßẞİ界\u2028"

nasty_text = st.text(st.sampled_from(NASTY), max_size=8)
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)

names = (
    st.one_of(
        st.sampled_from(["src", "build", "foo_bar", "fooXbar", "100%", ".hidden", "a", "b", "opencode-a", "name\n"]),
        nasty_text,
        any_text,
    )
    .map(lambda text: text.replace("/", ""))
    .filter(lambda name: name not in {"", ".", ".."})
)
"""One component of a path."""

directories = st.lists(names, max_size=4).map(lambda components: "/" + "/".join(components))
"""Absolute, no trailing slash, no `.` or `..`: as opencode stores them."""

WINDOWS_ROOTS = (
    "C:\\",
    "C:/",
    "c:/",
    "d:\\",
    r"\\server\share\x",
    "//server/share/x",
    "\\\\?\\C:\\",
    r"\\?\UNC\server\share\x",
)

windows_names = names.map(lambda name: name.replace("\\", "")).filter(lambda name: name not in {"", ".", ".."})

windows_directories = st.builds(
    lambda root, components: below(root, components) if components else root,
    st.sampled_from(WINDOWS_ROOTS),
    st.lists(windows_names, max_size=4),
)
"""Absolute, with one kind of slash: in each form that opencode on Windows stores."""

any_directories = st.one_of(directories, windows_directories)

titles = st.one_of(nasty_text, any_text)

times = st.one_of(st.integers(0, 2**53), st.integers(1_700_000_000_000, 1_700_000_000_010))
"""Milliseconds; some of them close together."""


@st.composite
def sessions(draw: st.DrawFn, max_size: int = 12, where: st.SearchStrategy[str] = directories) -> list[Session]:
    """Sessions with ids of their own, several in the same directory and below one another."""
    stored = draw(st.lists(where, min_size=1, max_size=5))
    stored += [
        below(above, [name]) for above, name in draw(st.lists(st.tuples(st.sampled_from(stored), names), max_size=3))
    ]
    projects = st.sampled_from(["global", "prj_a", "prj_b"])
    rows = draw(
        st.lists(
            st.tuples(st.sampled_from(stored), titles, times, st.none() | times, projects),
            max_size=max_size,
        ),
    )
    return [
        Session(f"ses_{number:03}", None, title, Binding(project, directory), 0, updated, archived)
        for number, (directory, title, updated, archived, project) in enumerate(rows)
    ]
