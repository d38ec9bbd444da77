from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Certainty
from tests.support.git import sub_directory

if TYPE_CHECKING:
    from tests.support.register import Register


def test_a_file_and_what_is_below_one(register: Register) -> None:
    for name in ("file", "file/below"):
        register.add(f"ses_{name}", sub_directory(register.at / "real"), directory=f"{register.at}/{name}")
    (register.at / "file").write_text("")
    found = register.found()
    assert {id_: list(why) for id_, why in found.items()} == {
        "ses_file": ["not-a-directory"],
        "ses_file/below": ["not-a-directory"],
    }
    reasons = [why["not-a-directory"] for why in found.values()]
    assert sorted(reason.evidence for reason in reasons) == [
        f"{register.at}/file is a file",
        f"{register.at}/file/below lies below a file",
    ]
    assert {reason.certainty for reason in reasons} == {Certainty.CERTAIN}
