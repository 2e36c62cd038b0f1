"""Keeps the optimizers' packages from writing to the terminal."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Generator
from contextlib import contextmanager

_LOGGERS = ("smac", "distributed", "dask", "syne_tune")


@contextmanager
def quiet() -> Generator[None, None, None]:
    """Silence warnings and the packages' loggers within; exceptions pass, and all is put back at the end."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
