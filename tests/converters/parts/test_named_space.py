"""Spaces that `--configspace` knows by name."""

from __future__ import annotations

import pytest
from ConfigSpace import ConfigurationSpace

from encave.converters.parts.space import named_space, read_space_object
from encave.errors import EncaveError
from encave.run.nasbench201_space import configuration_space


def test_nasbench201_is_known_by_its_name() -> None:
    assert named_space("NAS-Bench-201") == named_space("nasbench201") == configuration_space()


def test_unknown_names_are_refused() -> None:
    with pytest.raises(EncaveError, match="nasbench301"):
        named_space("nasbench301")


@pytest.mark.parametrize(("key", "value"), [("upper", float("inf")), ("meta", {"a": float("nan")})])
def test_a_space_that_json_cannot_hold_is_refused(key: str, value: object) -> None:
    written = ConfigurationSpace({"lr": (0.0, 1.0)}).to_serialized_dict()
    assert read_space_object(written, "it")["lr"].upper == 1.0
    written["hyperparameters"][0][key] = value
    with pytest.raises(EncaveError, match="it: Out of range float values are not JSON compliant"):
        read_space_object(written, "it")
