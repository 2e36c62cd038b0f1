"""From runs to the numbers, figures and tables of a comparison.

Data first, drawing second: `study_view` groups the runs, `comparison` computes one task's result from them as frozen
dataclasses, and everything in `report` (figures, page, LaTeX, CSV) draws from those.
"""
