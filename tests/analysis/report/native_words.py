"""What a report says in words and prints in tables, against the native logs of its study."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from math import comb

import numpy as np
from scipy import stats

from .native_logs import Study
from .native_statistics import holm, improvement, mann_whitney, newcombe
from .native_tables import SHARES, areas, medians

NUMBER = r"(−?[\d.]+)"
NONE = r"(?:not )?"


def plain(text: str) -> str:
    """LaTeX of a report without its marks."""
    for mark, meant in (
        (r"\pm", "±"), ("$-$", "−"), ("{,}", ""), (r"\textless{}", "<"), (r"\%", "%"), ("--", "–"),
        (r"\_\allowbreak{}", "_"), ("~", " "),
    ):  # fmt: skip
        text = text.replace(mark, meant)
    return re.sub(r"\\(?:mathbf|underline)\{([^{}]*)\}", r"\1", text.replace("$", "").replace(r"\ ", " "))


def said(study: Study, title: str) -> str:
    """What main.tex says below a heading, up to the next."""
    text = (study.folder / "main.tex").read_text(encoding="utf-8")
    return plain(text.partition(rf"\subsection{{{title}}}")[2].partition(r"\subsection{")[0])


def equals(told: str, known: float) -> bool:
    """Whether a number is printed as it is, to its last digit."""
    places = len(told.partition(".")[2])
    return abs(float(told.replace("−", "-")) - known) <= 0.5000001 * 10**-places


def is_p(told: str, known: float) -> bool:
    """`= 0.03`, `< 0.001`."""
    sign, number = told.split()
    return known < float(number) if sign == "<" else equals(number, known)


def names(told: str) -> set[str]:
    return set(re.split(r", | and ", told)) if told else set()


def who(pattern: str, text: str) -> set[str]:
    found = re.search(pattern + r"([^.;:]*?)(?=[.;]|, significantly|, not )", text)
    return names(found[1]) if found else set()


def verdicts(study: Study, task: str, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[float, int]]:
    """Of each pair the corrected p, and 1 where the first is significantly better, -1 where worse, else 0."""
    values = {name: study.finals(task, name) for name in study.optimizers}
    p = holm([mann_whitney(values[a], values[b]) for a, b in pairs])
    ahead = [improvement(values[a], values[b]) - 0.5 for a, b in pairs]
    return {pair: (p, int(np.sign(by)) if p < 0.05 else 0) for pair, p, by in zip(pairs, p, ahead, strict=True)}


def all_pairs(study: Study, task: str) -> dict[tuple[str, str], tuple[float, int]]:
    found = verdicts(study, task, list(combinations(study.optimizers, 2)))
    return {**found, **{(b, a): (p, -favours) for (a, b), (p, favours) in found.items()}}


def check_leads(study: Study) -> None:
    """Who leads, by how much, and how sure."""
    for task in study.tasks:
        text, finals = said(study, task), {name: study.finals(task, name) for name in study.optimizers}
        best, second = sorted(study.optimizers, key=lambda name: finals[name].mean())[:2]
        spread = rf"{NUMBER} ± {NUMBER} % \(mean ± std, (\d+) runs\)"
        told = re.search(
            rf"(\S+) ends with the lowest mean validation regret: {spread}. (\S+) follows with {spread}", text
        )
        assert told is not None and (told[1], told[5]) == (best, second)
        for name, place in ((best, 2), (second, 6)):
            own = finals[name]
            assert equals(told[place], own.mean()) and equals(told[place + 1], own.std(ddof=1))
            assert int(told[place + 2]) == len(own)
        pairs, (a, b) = comb(len(study.optimizers), 2), (finals[second], finals[best])
        low, high = stats.ttest_ind(a, b, equal_var=False).confidence_interval(1 - 0.05 / pairs)
        told = re.search(
            rf"The difference is {NUMBER} percentage points, 95 % interval {NUMBER} to {NUMBER} "
            rf"\(seeds not paired, at once for all {pairs} pairs\)",
            text,
        )
        assert told is not None and all(map(equals, told.groups(), (a.mean() - b.mean(), low, high)))
        assert_rank(study, task, best, text)
        verdict = all_pairs(study, task)
        p, favours = verdict[best, second]
        told = re.search(
            rf"A run of {best} is better than one of {second} with probability {NUMBER} \[{NUMBER}, {NUMBER}\]; "
            r"(.*?) \(Mann–Whitney, Holm-corrected, p (. [\d.]+)\)",
            text,
        )
        chance = improvement(b, a)
        assert told is not None and all(map(equals, told.groups()[:3], (chance, *newcombe(chance, len(a), len(b)))))
        verdict_in_words = {0: "the two do not differ", 1: "the difference is", -1: f"by ranks {second} is"}[favours]
        assert told[4].startswith(verdict_in_words) and is_p(told[5], p)
        assert_others(
            study,
            best,
            second,
            {name for name in study.optimizers if name != best and verdict[best, name][1] == 1},
            text,
        )


def assert_rank(study: Study, task: str, best: str, text: str) -> None:
    values = {name: study.finals(task, name) for name in study.optimizers}
    rank = {n: 0.5 + sum(1 - improvement(values[n], own) for own in values.values()) for n in values}
    first = min(rank, key=lambda name: rank[name])
    if rank[first] < rank[best] - 1e-9:
        told = re.search(rf"By average rank {first} is ahead \({NUMBER} against {NUMBER}\)", text)
        assert told is not None and equals(told[1], rank[first]) and equals(told[2], rank[best])
    else:
        told = re.search(rf"Its average rank, {NUMBER} of {len(rank)}, is the best too", text)
        assert told is not None and equals(told[1], rank[best])


def assert_others(study: Study, best: str, second: str, worse: set[str], text: str) -> None:
    """Who is, and who is not, significantly worse than the best."""
    close = {*study.optimizers} - {best} - worse
    if not close:
        assert f"Every other optimizer is significantly worse than {best}." in text
    elif not worse:
        assert f"No optimizer is significantly worse than {best}, with all pairs corrected for." in text
    elif close == {second}:
        assert f"significantly worse than {best}" not in text
    else:
        assert who(f"Not significantly worse than {best}, with all pairs corrected for: ", text) == close


def check_against(study: Study) -> None:
    """Who is better and worse than the control on each task."""
    for task in study.tasks:
        others = [name for name in study.optimizers if name != study.control]
        found = verdicts(study, task, [(name, study.control) for name in others])
        told = re.search(
            rf"Against {study.control} \(Mann–Whitney, Holm over {len(others)} comparisons?\), ([^.]*)\.",
            said(study, task),
        )
        assert told is not None
        groups = dict(part.split(": ") for part in told[1].split("; "))
        for side, label in ((1, "significantly better"), (-1, "significantly worse"), (0, "not different")):
            known = {name for name in others if found[name, study.control][1] == side}
            assert names(groups.pop(label, "")) == known
        assert not groups


def check_all_at_once(study: Study) -> None:
    for task in study.tasks:
        known = stats.kruskal(*(study.finals(task, name).round(12) for name in study.optimizers))
        told = re.search(
            rf"Kruskal–Wallis, H\((\d+)\) = {NUMBER}, (?:permutation )?p (. [\d.]+); (.*?) alike", said(study, task)
        )
        assert told is not None and equals(told[2], known.statistic) and int(told[1]) == len(study.optimizers) - 1
        (row,) = study.table("omnibus").query("task == @task and measure == 'validation regret'").itertuples()
        assert is_p(told[3], row.p) and told[4].startswith("not all" if row.p < 0.05 else "all may")


def check_over_tasks(study: Study) -> None:
    text, ranks = said(study, "All tasks"), stats.rankdata(medians(study).round(12), axis=1).mean(axis=0)
    best = {name for name, own in zip(study.optimizers, ranks, strict=True) if own <= ranks.min() + 1e-9}
    told = re.search(
        rf"Over (\d+) tasks (.*?) (?:has|share) the best average rank of medians by validation regret: "
        rf"{NUMBER} of (\d+)",
        text,
    )
    assert told is not None and (int(told[1]), names(told[2]), int(told[4])) == (len(study.tasks), best, len(ranks))
    assert equals(told[3], ranks.min())
    told = re.search(r"Friedman's test (does not reject equal ranks|finds that ranks differ) \(p (. [\d.]+)\)", text)
    (row,) = (
        study.table("omnibus")
        .query("test == 'Friedman' and measure == 'validation regret' and task not in @study.tasks")
        .itertuples()
    )
    assert told is not None and is_p(told[2], row.p) and told[1].startswith("finds" if row.p < 0.05 else "does not")
    stratified = study.table("stratified_tests").query("compared == 'pair'")
    told = re.search(r"Holm-corrected for (\d+) pairs\): (\S+) has the best average rank of runs; ([^.]*)\.", text)
    assert told is not None and int(told[1]) == len(stratified)
    expected = {
        n: np.mean(
            [sum(improvement(study.finals(t, o), study.finals(t, n)) for o in study.optimizers) for t in study.tasks]
        )
        for n in study.optimizers
    }
    assert expected[told[2]] <= min(expected.values()) + 1e-9
    worse = {
        row.second if row.first == told[2] else row.first
        for row in stratified.itertuples()
        if told[2] in (row.first, row.second)
        and row.adjusted_p < 0.05
        and row.favours == (1 if row.first == told[2] else -1)
    }
    listed = re.match(rf"(.*?) (?:is|are) significantly worse than {told[2]}", told[3])
    assert (names(listed[1]) if listed else set()) == worse


def check_anytime_words(study: Study) -> None:
    text, others = said(study, "Anytime performance"), [name for name in study.optimizers if name != study.control]
    for task in study.tasks:
        (own,) = re.findall(
            rf"{task}: over the whole time (.*?)\(Mann–Whitney tests, Holm-corrected for all (\d+)", text
        )
        area = {name: areas(study, task, name) for name in study.optimizers}
        best = max(area, key=lambda name: area[name].mean())
        told = re.match(
            rf"(\S+) has the largest area over the curve \({NUMBER} of 1\); by this area (.*?); "
            r"of (\d+) comparisons of values ([^;]*) of the time are significant",
            own[0],
        )
        assert told is not None and told[1] == best and equals(told[2], area[best].mean())
        ends = [
            area,
            *(
                {
                    n: -np.array([one.at(share * study.stop(task)) for one in study.runs(task, n)])
                    for n in study.optimizers
                }
                for share in SHARES
            ),
        ]
        p = holm([mann_whitney(-end[name], -end[study.control]) for end in ends for name in others])
        assert len(p) == int(own[1]) and int(told[4]) == len(others)
        by_end = p.reshape(len(ends), len(others))
        counts = [int((one < 0.05).sum()) for one in by_end[1:]]
        assert told[5] == f"{counts[0]} at 10%, {counts[1]} at 25% and {counts[2]} at 50%"
        for label, side in (
            ("significantly better than", 1),
            ("significantly worse than", -1),
            ("not significantly different from", 0),
        ):
            known = {
                n
                for n, own_p in zip(others, by_end[0], strict=True)
                if (np.sign(improvement(-area[n], -area[study.control]) - 0.5) if own_p < 0.05 else 0) == side
            }
            assert who(f"{label} {study.control}: ", told[3] + ".") == known


def cells(study: Study, table: str) -> Iterator[list[str]]:
    """The rows of a printed table."""
    text = plain((study.folder / "tables" / f"{table}.tex").read_text(encoding="utf-8"))
    for line in text.partition(r"\midrule")[2].partition(r"\bottomrule")[0].strip().splitlines():
        yield [cell.strip() for cell in line.removesuffix(r"\\").split("&")]


def check_printed(study: Study) -> None:
    """Final values, values on the way, pairs: every cell."""
    for task in study.tasks:
        name = re.sub(r"[^a-z0-9]+", "-", task.lower())
        final = study.table("final").query("task == @task").set_index(["optimizer", "measure"])
        rows = list(cells(study, name))
        assert {row[0] for row in rows} == {*study.optimizers}
        for optimizer, runs, trials, regret, test, rank in rows:
            valid = final.loc[optimizer, "validation regret"]
            assert (
                int(runs) == valid["runs"]
                and equals(trials, valid["mean_trials"])
                and equals(rank, valid["average_rank"])
            )
            for cell, of in ((regret, valid), (test, final.loc[optimizer, "test error"])):
                assert all(map(equals, cell.split(" ± "), (of["mean"], of["std"])))
        ways = study.table("budget_values").query("task == @task").set_index(["optimizer", "share"])
        for optimizer, *told in cells(study, f"{name}-over-time"):
            for cell, share in zip(told, (*SHARES, 1.0), strict=True):
                of = ways.loc[optimizer, share]
                assert cell == "–" or all(map(equals, cell.split(" ± "), (of["mean"], of["std"])))
        verdict = all_pairs(study, task)
        for pair, chance, _, p, differ in cells(study, f"{name}-pairs"):
            a, b = pair.split(" against ")
            known = improvement(study.finals(task, a), study.finals(task, b))
            bounds = newcombe(known, len(study.runs(task, a)), len(study.runs(task, b)))
            assert all(map(equals, re.findall(r"[\d.]+", chance), (known, *bounds)))
            assert is_p(p if p.startswith("<") else f"= {p}", verdict[a, b][0])
            assert differ == ("yes" if verdict[a, b][1] else "no")


def check_document(study: Study) -> None:
    """What main.tex points at is called by its name, and is there."""
    text = (study.folder / "main.tex").read_text(encoding="utf-8")
    words = set(re.findall(r"(\w+)~\\ref", text))
    assert {"Figures", "Tables"} <= words <= {"Figure", "Figures", "Table", "Tables"}, words
    labels = "".join(path.read_text(encoding="utf-8") for path in (study.folder / "tables").glob("*.tex")) + text
    assert all(rf"\label{{{name}}}" in labels for name in re.findall(r"\\ref\{([^}]*)\}", text))
    for section in text.split(r"\subsection{")[1:]:
        assert_all_are_named(section)


def assert_all_are_named(section: str) -> None:
    """The sentence that names a section's figures and tables names from the first printed to the last."""
    section = section.partition(r"\section{")[0]
    printed = {
        "fig": re.findall(r"\\label\{fig:([^}]*)\}", section),
        "tab": re.findall(r"\\input\{tables/([^}]*)\}", section),
    }
    for kind, names in printed.items():
        told = re.findall(rf"\\ref\{{{kind}:([^}}]*)\}}", section)
        assert (told[:1], told[-1:]) == (names[:1], names[-1:])
