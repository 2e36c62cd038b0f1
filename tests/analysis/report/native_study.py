"""Every number of a report, computed again from the native logs of its study; nothing of encave's analysis is used.

    python -m tests.analysis.report.native_study STUDY REPORT

Logs are read by the few lines below, numbers come from pandas, scipy and loops. It holds for studies of `encave run`
with a budget in simulated seconds, one worker, one objective, the mean of training seeds as reward, random search and
a control among the optimizers, and starts of their own. What is not computed here: the importances (see
`test_golden_study.py`), the planes of the footprints, the noise of training seeds, the expected curve of random search
(see `test_random_reference.py`).
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from . import native_tables as tables
from . import native_words as words
from .native_logs import Study

CHECKS: tuple[Callable[[Study], None], ...] = tuple(
    check for module in (tables, words) for name, check in vars(module).items() if name.startswith("check_")
)
"""Each looks at one kind of number."""


def main() -> int:
    study, failed = Study(Path(sys.argv[1]), Path(sys.argv[2])), 0
    for check in CHECKS:
        try:
            check(study)
            print(f"{check.__name__}: as computed here")
        except AssertionError:
            failed += 1
            print(f"{check.__name__}: {traceback.format_exc()[-2000:]}")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
