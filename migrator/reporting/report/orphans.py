"""The report of lost sessions: a map of where they are bound and where they belong."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.model import Certainty
from migrator.reporting.orphan_text import grouped_orphans, place_of, to_settle
from migrator.reporting.report.model import (
    GROUPS,
    NOTES,
    REASONS,
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
    shares,
)
from migrator.text import and_more, count, local_time, tilde, tilde_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import Orphan
    from migrator.reporting.next_steps import Step

_TONES = {Certainty.CERTAIN: Tone.GOOD, Certainty.LIKELY: Tone.CAUTION, Certainty.UNKNOWN: Tone.BAD}
_UNKNOWN = "home not known"


def orphans_report(  # noqa: PLR0913 - what a report says is as much
    orphans: Sequence[Orphan],
    by_rule: Mapping[str, int],
    database: str,
    *,
    none: str,
    remarks: Sequence[str] = (),
    steps: Sequence[Step] = (),
    whole: str | None = None,
) -> Report:
    """Return the report of lost sessions; `none` says that there are none, `remarks` what else people should know."""
    where = f"in {count(len({orphan.session.directory for orphan in orphans}), 'directory', 'directories')}"
    kinds = Counter(map(_part, orphans))
    certain = sum(number for (_, tone), number in kinds.items() if tone is Tone.GOOD)
    if orphans:
        lead = f"{count(len(orphans), 'session')} {where} that opencode can't show or resume in the right place."
        homes = f"`opencode-migrator rescue` brings {certain:,} of {len(orphans):,} to a certain home"
        text = f"Lost means out of sight, not gone: {homes if certain else 'but no home is certain'}."
        verdict = Note("No session is deleted", text, tone=Tone.CAUTION)
    else:
        lead, verdict = "Every session that was looked at is where it belongs.", Note(none, "", tone=Tone.GOOD)
    groups = grouped_orphans(orphans)
    rooms = shares(map(len, groups[:GROUPS]))
    shown = tuple(_group(group, room) for group, room in zip(groups[:GROUPS], rooms, strict=True))
    section = Section("Where they are, and why", shown, len(groups) - len(shown), sum(map(len, groups[GROUPS:])))
    return Report(
        f"{count(len(orphans), 'lost session')}" if orphans else "No lost session",
        (lead,),
        verdict,
        (
            Fact("Lost sessions", f"{len(orphans):,}", where),
            *(Fact(words.capitalize(), f"{number:,}", "", tone) for (words, tone), number in kinds.most_common()),
            Fact(
                "Found by", ", ".join(f"{rule} {number:,}" for rule, number in by_rule.items() if number) or "no rule"
            ),
        ),
        database,
        _flow(orphans),
        tuple(Note("Note", remark, (), Tone.PLAIN) for remark in remarks[:NOTES]),
        sections=(section,) if groups else (),
        steps=tuple(steps),
        whole=whole,
    )


def _part(orphan: Orphan) -> tuple[str, Tone]:
    """Return what is known of the home of a session."""
    if orphan.suggestion is not None:
        return f"home {orphan.suggestion.certainty.value}", _TONES[orphan.suggestion.certainty]
    several = "one of several homes" if orphan.rivals[1:] else "home not proven"
    return (several, Tone.CAUTION) if orphan.rivals else (_UNKNOWN, Tone.BAD)


def _home(orphan: Orphan) -> str:
    if orphan.suggestion is not None:
        return tilde(orphan.suggestion.directory)
    if len(orphan.rivals) == 1:
        return f"{tilde(orphan.rivals[0])}?"
    return f"one of {len(orphan.rivals)} directories" if orphan.rivals else _UNKNOWN


def _flow(orphans: Sequence[Orphan]) -> Flow | None:
    tally = Counter((tilde(each.session.directory) or "(none)", _home(each), _part(each)) for each in orphans)
    links = (Link(source, home, Share(words, number, tone)) for (source, home, (words, tone)), number in tally.items())
    return Flow("Where lost sessions belong", "Bound to", "At home in", "How sure", tuple(links)) if orphans else None


def _group(group: Sequence[Orphan], room: int) -> Group:
    first = group[0]
    words, tone = _part(first)
    home = _home(first)
    stays = first.suggestion is not None and first.suggestion.directory == first.session.directory
    reasons = []
    for number, reason in enumerate(first.reasons):
        seen = [*dict.fromkeys(orphan.reasons[number].evidence for orphan in group)]
        sure = "" if reason.certainty is Certainty.CERTAIN else f" ({reason.certainty.value})"
        reasons.append((f"{reason.rule}{sure}", tilde_in("; ".join(seen[:2])) + and_more(len(seen) - 2)))
    if first.suggestion is not None:
        reasons.append(("home", f"{'stays where it is' if stays else home}; {tilde_in(first.suggestion.because)}"))
    elif first.rivals:
        reasons.append(("home", f"{' or '.join(map(tilde, first.rivals[:REASONS]))}; {to_settle(first.commands)}"))
    return Group(
        place_of(group),
        None if stays or home == _UNKNOWN else home,
        len(group),
        count(len(group), "session"),
        (Share(words, len(group), tone),),
        tuple(reasons),
        first.commands[:REASONS],
        columns=("Last used",),
        rows=tuple(
            ReportRow(orphan.session.title, orphan.session.id, "", ((local_time(orphan.session.updated),),))
            for orphan in group[:room]
        ),
        hidden=len(group) - room,
    )
