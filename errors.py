"""The one exception that carries a message for the person at the keyboard."""

from __future__ import annotations


class EncaveError(Exception):
    """Bad input or a state the user can put right.

    The message says what is wrong, where (file, line, trial), and what to do. The command line prints it as one line.

    Example:
        >>> try:
        ...     runs.where(task="mlp").label({"BOHB": "ours"})
        ... except encave.EncaveError as error:
        ...     print(error)
        no run has the label 'BOHB'; there are DEHB, Random, SMAC
    """

    exit_status = 2
    """What the command line ends with; 2 is bad input."""
