"""What became of a file that is done."""

from collections.abc import Mapping
from typing import NamedTuple

from function.errors import RequestError


class ReportedFile(NamedTuple):
    """A file whose report is written: how many rows have a prediction and how many have none, warnings by feature.

    A file that can never be scored has no rows; `refusal` says why.
    """

    rows: int = 0
    rejected: int = 0
    warnings: Mapping[str, int] = {}
    refusal: RequestError | None = None
