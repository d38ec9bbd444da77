"""An extra that is missing is named with the command that adds it, to the installation that is running."""

from __future__ import annotations

from pathlib import Path

from migrator.plugins import extras

HERE = Path(__file__).parents[2]


def command(prefix: Path, *words: str) -> str:
    return " ".join(extras.adding_command("server", words, str(prefix)))


def test_each_installer_has_its_own(tmp_path: Path) -> None:
    assert command(tmp_path) == "pip install 'opencode-migrator[server]'"
    (tmp_path / "pipx_metadata.json").touch()
    assert command(tmp_path) == f"pipx install --force '{HERE}[server]'"
    (tmp_path / "uv-receipt.toml").touch()
    assert command(tmp_path) == f"uv tool install '{HERE}[client,server,tui]'"  # all that is here now, too
    cached = tmp_path / "archive-v0" / "x"
    assert command(cached, "serve") == f"uvx --from '{HERE}[server]' opencode-migrator serve"
