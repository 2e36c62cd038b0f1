"""YAML of unknown origin: plain values only, of bounded size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import EncaveError

LIMIT = 4 * 1024 * 1024
"""Bytes of the longest file that is read."""
_VALUES = 200_000  # a few aliases can stand for any number


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file, its keys as text.

    Raises:
        EncaveError: as `read_value`, or it is no mapping.
    """
    content = read_value(path)
    if not isinstance(content, dict):
        raise EncaveError(f"{path} holds no mapping" if path.stat().st_size else f"{path} is empty (0 bytes)")
    return content


def read_value(path: Path) -> Any:
    """The value in a YAML file; the keys of a mapping as text.

    Raises:
        EncaveError: the file is missing, too long, not YAML, asks for a Python object, or unfolds to more than it says.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        size = path.stat().st_size
        if size > LIMIT:
            raise EncaveError(f"{path} has {size} bytes; encave reads such files up to {LIMIT // 2**20} MiB")
        content = yaml.load(path.read_bytes(), loader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        told = " ".join(str(error).split())
        raise EncaveError(f"{path} is no readable YAML: {told:.300}") from error
    if _count(content) > _VALUES:
        raise EncaveError(f"{path} holds more than {_VALUES} values; encave does not read it")
    return {str(key): value for key, value in content.items()} if isinstance(content, dict) else content


def _count(content: Any) -> int:
    """Number of values, each alias counted in full, up to a few more than the limit."""
    waiting, count = [content], 0
    while waiting and count <= _VALUES:
        value = waiting.pop()
        count += 1
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list | tuple | set):
            waiting += value
    return count
