"""What one invocation did, in numbers: counted where it happens, told by the log line. No value is kept."""

from collections.abc import Iterable, Mapping, Sequence

from function.errors import OUT_OF_RANGE, UNSEEN_CATEGORY, DeployerError, InvalidInput, parse_pointer
from function.model.contract import Warning


class Seen:
    """Counts of one invocation.

    `answered` are requests, messages and files that were predicted; `rows` the records in them; `rejections` what was
    not, by the error's code; `out_of_range` values that training never saw, by feature.
    """

    def __init__(self) -> None:
        self.answered = 0
        self.rows = 0
        self.rejections: dict[str, int] = {}
        self.out_of_range: dict[str, int] = {}

    def predicted(self, warnings: Sequence[Iterable[Warning]]) -> None:
        """A request or a message was predicted; `warnings` has those of each of its records."""
        self.answered += 1
        self.rows += len(warnings)
        for noticed in warnings:
            for warning in noticed:
                self._out_of_range(warning.feature, 1)

    def scored(self, rows: int, rejected: int, warnings: Mapping[str, int]) -> None:
        """A file was scored: so many of its rows have a prediction, so many have none, and warnings by feature."""
        self.answered += 1
        self.rows += rows
        if rejected:
            self._rejected(InvalidInput.code, rejected)
        for feature, count in warnings.items():
            self._out_of_range(feature, count)

    def refused(self, error: DeployerError) -> None:
        """Something was not predicted. An error that is raised again further out counts once."""
        if error.counted:
            return
        error.counted = True
        self._rejected(error.code, 1)
        if isinstance(error, InvalidInput):
            for problem in error.problems:
                # With STRICT_INPUTS; the pointer's last part is the feature.
                if problem.code in (OUT_OF_RANGE, UNSEEN_CATEGORY):
                    self._out_of_range(parse_pointer(problem.pointer)[-1], 1)

    def _rejected(self, code: str, count: int) -> None:
        self.rejections[code] = self.rejections.get(code, 0) + count

    def _out_of_range(self, feature: str, count: int) -> None:
        self.out_of_range[feature] = self.out_of_range.get(feature, 0) + count
