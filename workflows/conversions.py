"""What became of the logs that were converted, as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..run.tabular import Tabular

if TYPE_CHECKING:
    import pyarrow as pa

    from ..converters import Conversion
    from ..run.provenance import JSON


class Conversions(Tabular, tuple["Conversion", ...]):
    r"""What became of each log: a tuple with a table.

    Example:
        >>> _ = (folder / "trials.csv").write_text("lr,loss\n0.1,2.0\n0.2,1.0\n0.3,3.0\n")
        >>> told = {"objective": "loss", "hyperparameters": "lr"}
        >>> done = encave.convert(folder / "trials.csv", folder / "converted", map=told)
        >>> done
        Conversions(1 log: 1 converted)
        >>> done.to_pandas()["incumbent"].tolist()
        [1.0]
    """

    passed_over: tuple[Mapping[str, JSON], ...]
    """What looks like a log, a table or a tracker's folder and was not read, as `Runs.passed_over`."""

    def __new__(cls, made: Iterable[Conversion], passed_over: Iterable[Mapping[str, JSON]] = ()) -> Conversions:
        """Of the conversions, and of what was passed over."""
        found = super().__new__(cls, made)
        found.passed_over = tuple(passed_over)
        return found

    def __repr__(self) -> str:
        counts = Counter(one.status for one in self)
        told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        return f"Conversions({len(self)} log{'' if len(self) == 1 else 's'}{': ' if told else ''}{told})"

    def table(self) -> pa.Table:
        """One row per log.

        `source`: the log; `format`; `version`: of the optimizer's package; `status`: converted, unchanged or refused,
        with the `reason`; trials `read`, `written`, `merged` and `dropped`; `configurations`; `incumbent`: its value as
        logged; `notes`: what was merged, dropped, derived, assumed or flagged, a line for each; `output`: the
        run's folder, of an export where all runs went.
        """
        import pyarrow as pa

        text, number = pa.string(), pa.int64()
        kinds = {
            "source": text, "format": text, "version": text, "status": text, "reason": text, "read": number,
            "written": number, "merged": number, "dropped": number, "configurations": number,
            "incumbent": pa.float64(), "notes": text, "output": text,
        }  # fmt: skip
        return pa.Table.from_pylist([_row(one) for one in self], schema=pa.schema(kinds))


def _row(one: Conversion) -> dict[str, str | int | float | None]:
    best: float | None = (one.incumbent or {}).get("cost")
    return {
        "source": str(one.source),
        "format": one.format,
        "version": one.release,
        "status": one.status,
        "reason": one.reason,
        "read": one.read,
        "written": one.written,
        "merged": one.merged,
        "dropped": one.dropped,
        "configurations": one.configurations,
        "incumbent": best,
        "notes": "\n".join(note.text for note in one.notes),
        "output": None if one.output is None else str(one.output),
    }
