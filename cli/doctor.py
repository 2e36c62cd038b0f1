"""`encave doctor`: what is installed and what is missing."""

from __future__ import annotations

import sys
from dataclasses import asdict

import rich_click as click

from .common import command, print_json


@command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def doctor(as_json: bool) -> None:
    """Say what is installed, what is missing and how to get it; exit status 1 if a part of encave cannot work."""
    from ..workflows.doctor import examine
    from .show.doctor import print_checks

    checks = examine()
    if as_json:
        print_json({"checks": [asdict(check) for check in checks]})
    else:
        print_checks(checks)
    sys.exit(1 if any(check.state == "missing" for check in checks) else 0)
