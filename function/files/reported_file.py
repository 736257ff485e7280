"""The outcome of a file whose report is written."""

from collections.abc import Mapping
from typing import NamedTuple

from function.errors import RequestError


class ReportedFile(NamedTuple):
    """The rows with a prediction, the rejected rows, and the warnings by feature.

    A file that can never be scored has no rows; `refusal` says why.
    """

    rows: int = 0
    rejected: int = 0
    warnings: Mapping[str, int] = {}
    refusal: RequestError | None = None
