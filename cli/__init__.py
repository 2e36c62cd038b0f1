"""The command line: every verb joins parts that live elsewhere and prints what they return.

Standard output carries results, standard error the talk. Exit status: 0 done, 1 partly (something was refused or
failed), 2 usage or input, 130 interrupted.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from ..files.lazy import handed_on
from .interrupts import told

if TYPE_CHECKING:
    from .program import cli

__all__ = ["cli", "main"]
__getattr__, __dir__ = handed_on(__name__, {"cli": ".program"})


def main() -> None:
    """Entry point of the command `encave`."""
    try:
        with told():
            from .common import OWN_PROCESS
            from .program import cli

            cli(prog_name="encave", obj=OWN_PROCESS)
    finally:
        gc.freeze()  # or the interpreter looks for cycles in all that was loaded, which ends with it anyway
