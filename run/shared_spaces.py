"""Configuration spaces made from their JSON, one for all runs that have the same."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

_SPACES: WeakValueDictionary[str, ConfigurationSpace] = WeakValueDictionary()


def space_from(content: Mapping[str, Any]) -> ConfigurationSpace:
    """The space that ConfigSpace serialized as this JSON; the same object as long as another holds it.

    Raises:
        Exception: whatever ConfigSpace raises of JSON that is damaged.
    """
    from ConfigSpace import ConfigurationSpace

    text = json.dumps(content, sort_keys=True)
    space = _SPACES.get(text)
    if space is None:
        space = ConfigurationSpace.from_serialized_dict(copy.deepcopy(dict(content)))
        _SPACES[text] = space
    return space
