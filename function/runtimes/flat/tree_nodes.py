"""The nodes of trees, as function.runtimes.flat.trees describes them: what walks by record and by table share."""

from typing import Any, Protocol

from function.runtimes.flat.file import Array

NULL_LEFT, BY_SET = 1, 2


class TreeNodes(Protocol):
    """The arrays and options of the operation `trees`.

    `inputs` is the number of columns, and `rows` that of rows of which a leaf names one, None if it holds its number.
    `ranked` keeps what tables need from one to the next.
    """

    inputs: int
    rows: int | None
    roots: list[int]
    width: int
    start: list[float]
    vector: bool
    single: bool
    skips: Array
    features: Array
    thresholds: Array
    flags: Array | None
    leaves: Array | None
    sets: Array
    set_ends: Array
    ranked: Any
