"""What a report is to show, from `report.toml` and the command line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """All of it has a default."""

    title: str | None = None
    """Heading of the page; None for the optimizers and tasks."""
    venue: str | None = None
    """Venue whose column width and fonts figures and `main.tex` take; None for a page of two columns."""
