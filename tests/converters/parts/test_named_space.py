"""Spaces that `--configspace` knows by name."""

from __future__ import annotations

import pytest

from encave.converters.parts.space import named_space
from encave.errors import EncaveError
from encave.run.nasbench201_space import configuration_space


def test_nasbench201_is_known_by_its_name() -> None:
    assert named_space("NAS-Bench-201") == named_space("nasbench201") == configuration_space()


def test_unknown_names_are_refused() -> None:
    with pytest.raises(EncaveError, match="nasbench301"):
        named_space("nasbench301")
