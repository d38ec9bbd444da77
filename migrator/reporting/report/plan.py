"""The report of a plan."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from migrator.documents.summary import summary
from migrator.model import BECAUSE, STILL_LOST, UNDO_OF, ProjectAction
from migrator.reporting.merge_text import takes_out, without_origins
from migrator.reporting.orphan_text import to_settle
from migrator.reporting.plan_text import (
    OTHER_FIELDS,
    differences,
    direction,
    grouped,
    headline_text,
    nothing_words,
    sessions_text,
    turn_words,
    unchanged_words,
    undo_word,
)
from migrator.reporting.report.model import (
    GROUPS,
    NOTES,
    REASONS,
    VALUES,
    Fact,
    Flow,
    Group,
    Link,
    Note,
    Report,
    ReportRow,
    Section,
    Share,
    Tone,
    Values,
    shares,
)
from migrator.reporting.warning_text import alike, grouped_lost
from migrator.text import agree, and_more, count, shortened_path, tilde, tilde_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from migrator.model import Change, Plan, PlanWarning, ProjectChange
    from migrator.reporting.next_steps import Step

_TONES = {"carried": Tone.GOOD, "set back": Tone.GOOD, "mended": Tone.GOOD, "none": Tone.PLAIN}
"""Of what becomes of file undo, in the words of `undo_word`; the others take some of it."""


def plan_report(plan: Plan, steps: Sequence[Step] = (), whole: str | None = None) -> Report:
    """Return the report of a plan; `whole` is the command that prints the plan as JSON."""
    plan = without_origins(plan)
    title = headline_text(plan).rstrip(".") if plan.writes else "Plan: nothing to do"
    notes = [*_notes(plan)]
    return Report(
        title,
        _lead(plan),
        _verdict(plan),
        tuple(plan_facts(plan)),
        plan.store,
        flow_of_changes(plan),
        tuple(notes[:NOTES]),
        max(len(notes) - NOTES, 0),
        tuple(project_values(plan.projects)),
        tuple(sections_of_changes(plan)),
        tuple(steps),
        whole,
    )


def _lead(plan: Plan) -> tuple[str, ...]:
    if not plan.writes:
        return (f"There is nothing to write: {nothing_words(plan)}.",)
    moving = plan.moving
    if takes_out(plan):
        return ("What was brought in is taken out again.",)
    if not moving:
        return ("No session moves.",)
    (before, others), (after, more) = (
        _most(getattr(change, when).directory for change in moving) for when in ("before", "after")
    )
    return f"{count(len(moving), 'session')} from ", before, f"{others} to ", after, f"{more}."


def _most(directories: Iterable[str]) -> tuple[str, str]:
    """Return the directory of most sessions, and how many others there are in words."""
    tally = Counter(directories)
    ((directory, _),) = tally.most_common(1)
    return tilde(directory), and_more(len(tally) - 1, "directory", "directories")


def _verdict(plan: Plan) -> Note:
    """Return whether anything is lost."""
    lost = sum(warning.code == STILL_LOST for warning in plan.warnings)
    still = f" {count(lost, 'session')} {agree(lost, 'stays')} lost: see below." if lost else ""
    detached = summary(plan)["undo_detached"]
    if plan.is_blocked:
        return Note("This plan can't be applied now", f"The warnings say why.{still}")
    if not plan.writes:
        return Note(
            "Nothing changes", f"Applying this writes nothing.{still}", tone=Tone.CAUTION if lost else Tone.GOOD
        )
    way = "redo" if direction(plan.changes) == UNDO_OF else "undo"
    back = f"`opencode-migrator {way}` takes all of it back."
    if detached:
        text = (
            f"File undo of {count(detached, 'session')} is detached: undoing {agree(detached, 'its')} "
            f"earlier turns in opencode takes back the conversation and touches no file. {back}"
        )
    else:
        text = f"What opencode can undo today, it can undo afterwards. {back}"
    return Note("No session and no file is lost", text + still, tone=Tone.CAUTION if detached or lost else Tone.GOOD)


def plan_facts(plan: Plan) -> Iterator[Fact]:
    """Yield how many sessions go, from where to where, and what becomes of file undo."""
    numbers = summary(plan)
    moving = plan.moving
    children = sum(change.session != change.root for change in plan.changes)
    notes = [f"{children:,} of subagents" if children else "", unchanged_words(plan)]
    yield Fact("Sessions", f"{numbers['sessions']:,}", "; ".join(filter(None, notes)))
    if moving:
        yield _places_fact("From", Counter(change.before.directory for change in moving))
        yield _places_fact("To", Counter(change.after.directory for change in moving))
    detached = numbers["undo_detached"]
    words = Counter(map(undo_word, plan.changes))
    tone = Tone.CAUTION if detached else Tone.GOOD if numbers["undo_carried"] else Tone.PLAIN
    undone = [f"{word} {number:,}" for word, number in words.items() if word != "none"]
    detail = turn_words(plan.changes) if undone else "no session has any"
    yield Fact("File undo", ", ".join(undone) or "none", detail, tone)
    if numbers["projects_registered"] or numbers["projects_updated"]:
        parts = [f"{number:,} {what}" for what in ("registered", "updated") if (number := numbers[f"projects_{what}"])]
        yield Fact("Projects", ", ".join(parts))


def _places_fact(label: str, directories: Counter[str]) -> Fact:
    ((directory, sessions),) = directories.most_common(1)
    first = shortened_path(tilde(directory), 120)
    if len(directories) == 1:
        return Fact(label, first)
    most = f"{first} with {count(sessions, 'session')}{and_more(len(directories) - 1)}"
    return Fact(label, count(len(directories), "directory", "directories"), most)


def undo_counts(changes: Iterable[Change]) -> tuple[Share, ...]:
    """Return of how many sessions file undo is carried, detached and so on, the most frequent first."""
    tally = Counter(map(undo_word, changes))
    return tuple(Share(_words(word), number, _tone(word)) for word, number in tally.most_common())


def _words(word: str) -> str:
    return "no file undo" if word == "none" else f"file undo {word}"


def _tone(word: str) -> Tone:
    return _TONES.get(word, Tone.CAUTION)


def flow_of_changes(plan: Plan) -> Flow | None:
    """Return where sessions come from and go to, by what becomes of their file undo; None if nothing changes."""
    if not plan.changes:
        return None
    moves = bool(plan.moving)
    tally = Counter((change.before.directory, change.after.directory, undo_word(change)) for change in plan.changes)
    links = []
    for (before, after, word), number in tally.items():
        target = tilde(after) if moves else _words(word)
        links.append(Link(tilde(before), target, Share(_words(word), number, _tone(word))))
    return Flow(
        "Where the sessions go" if moves else "What becomes of file undo",
        "From" if moves else "Directory",
        "To" if moves else "File undo",
        "File undo",
        tuple(links),
    )


def sections_of_changes(plan: Plan, turns: Mapping[str, tuple[str, ...]] | None = None) -> Iterator[Section]:
    """Yield the sessions, those of each repository under a heading, in groups of `from -> to`.

    `turns` is what became of the file undo of each session, turn by turn.
    """
    groups = grouped(plan)
    rooms = iter(shares(len(changes) for _, changes in groups[:GROUPS]))
    left = GROUPS
    for repository, some in groupby(groups, key=lambda group: group[0][0]):
        mine = [*some]
        shown, hidden = mine[:left], mine[left:]
        left -= len(shown)
        every = sum(len(changes) for _, changes in mine)
        of = f" of {tilde(repository)}" if repository else ""
        if shown:
            yield Section(
                f"{count(every, 'session')}{of}",
                tuple(
                    _group(before, after, changes, next(rooms), turns or {}) for (_, before, after), changes in shown
                ),
                len(hidden),
                sum(len(changes) for _, changes in hidden),
            )


def _group(
    before: str, after: str, changes: Sequence[Change], room: int, turns: Mapping[str, tuple[str, ...]]
) -> Group:
    tally = Counter[tuple[str, str, str]]()
    for (old, new), number in Counter((change.before, change.after) for change in changes).items():
        tally.update(dict.fromkeys(differences(old, new, "directory", *OTHER_FIELDS), number))
    every = sorted(tally, key=lambda values: (values[0] != "directory", values[0], -tally[values], values))
    varying = {values[0] for values in every if tally[values] < len(changes)}
    parts = undo_counts(changes)
    selections = {change.selected_by for change in changes}
    obstacles = Counter(change.turns.because for change in changes if change.turns.because)
    reasons = [
        *(_selected_by(next(iter(selections))) if len(selections) == 1 else ()),
        *(("file undo is not carried because", tilde_in(why)) for why, _ in obstacles.most_common(REASONS)),
    ]
    if more := len(obstacles) - REASONS:
        reasons += [("and", f"{count(more, 'more reason')}")] if more > 0 else []
    columns: dict[str, Callable[[Change], tuple[str, ...]]] = {
        "Changes": lambda change: tuple(
            f"{field}: {old} \u2192 {new}"
            for field, old, new in differences(change.before, change.after)
            if field in varying
        ),
        "File undo": lambda change: (_words(undo_word(change)),),
        "Selected by": lambda change: tuple(f"{label} {text}" for label, text in _selected_by(change.selected_by)),
        "Turn by turn": lambda change: turns.get(change.session, ()),
    }
    wanted = [
        bool(varying),
        len(parts) > 1,
        len(selections) > 1,
        any(change.session in turns for change in changes),
    ]
    chosen = {name: column for (name, column), want in zip(columns.items(), wanted, strict=True) if want}
    return Group(
        tilde(before),
        None if before == after else tilde(after),
        len(changes),
        sessions_text(changes),
        parts,
        tuple(reasons),
        (),
        tuple(Values(field, tilde(old), tilde(new), tally[field, old, new]) for field, old, new in every[:VALUES]),
        max(len(every) - VALUES, 0),
        (*chosen,),
        tuple(
            ReportRow(
                change.title,
                change.session,
                "" if change.session == change.root else f"of a subagent, below {change.root}",
                tuple(column(change) for column in chosen.values()),
            )
            for change in changes[:room]
        ),
        len(changes) - room,
    )


def _selected_by(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    for each in words:
        if each.startswith(BECAUSE):
            yield "because", tilde_in(each.removeprefix(BECAUSE))
        else:
            yield "selected by", each


def project_values(projects: Iterable[ProjectChange]) -> Iterator[Values]:
    """Yield what changes in project rows and in the rows that belong to them."""
    for project in projects:
        name = f"project {project.id[:12]}"
        if project.action is ProjectAction.REGISTER:
            yield Values(name, "no row", f"registered with worktree {tilde(project.worktree)}", 0)
        elif project.before is not None and project.after is not None:
            for column, before, after in zip(project.before._fields, project.before, project.after, strict=True):
                if before != after:
                    yield Values(f"{name}: {column}", tilde(before), tilde(after), 0)
            for change in project.directories:
                old, new = (tilde(str(dict(row)["directory"])) if row else "none" for row in change)
                yield Values(f"{name}: directory", old, new, 0)
            for workspace in project.workspaces:
                yield Values(f"workspace {workspace.id}", tilde(workspace.before), tilde(workspace.after), 0)


def _notes(plan: Plan) -> Iterator[Note]:
    for (first, *others), folded in alike(plan.warnings):
        yield Note("Warning", first, alike=tuple(folded))
        yield from (Note("Warning", other) for other in others)
    yield from lost_notes(plan.warnings)
    moving = sum(change.before.directory != change.after.directory for change in plan.changes)
    if plan.announce:
        yield Note(
            "Note", f"The model of opencode 2 is told of the new directory: {count(moving, 'session')}.", (), Tone.PLAIN
        )
    elif plan.dialect != "v1" and moving:
        yield Note("Note", "No message tells the model of opencode 2 of the new directory.", (), Tone.PLAIN)


def lost_notes(warnings: Iterable[PlanWarning]) -> Iterator[Note]:
    """Yield why sessions stay lost, those with the same reason together."""
    for group in grouped_lost(warnings):
        lost = group[0].lost
        label = f"Still lost: {count(len(group), 'session')}"
        if lost is None:
            yield Note(label, tilde_in(group[0].message))
            continue
        evidence = [*dict.fromkeys(warning.lost.evidence for warning in group if warning.lost)]
        seen = f"{evidence[0]}{and_more(len(evidence) - 1, 'place')}; " if lost.why not in evidence else ""
        text = f"{seen}{lost.why}{f'; {to_settle(lost.commands)}' if lost.commands else ''}"
        yield Note(label, tilde_in(text), lost.commands)
