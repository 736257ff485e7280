"""Count the outcomes of one invocation, for its log line. No feature value is kept."""

from collections.abc import Mapping, Sequence

from function.errors import OUT_OF_RANGE, UNSEEN_CATEGORY, DeployerError, InvalidInput, parse_pointer
from function.model.prediction import Prediction


class Counts:
    """The counts of one invocation.

    `successes` counts the requests, messages and files that were predicted, and `rows` their records. `rejections`
    counts those that were not, by error code. `out_of_range` counts values unseen in training, by feature.
    """

    def __init__(self) -> None:
        self.successes = 0
        self.rows = 0
        self.rejections: dict[str, int] = {}
        self.out_of_range: dict[str, int] = {}
        self._refusals: set[DeployerError] = set()

    def count_prediction(self, predictions: Sequence[Prediction]) -> None:
        """Count a request or a message that was predicted, with one prediction for each of its records."""
        self.successes += 1
        self.rows += len(predictions)
        for prediction in predictions:
            for warning in prediction.warnings:
                self._add_out_of_range(warning.feature, 1)

    def count_file(self, rows: int, rejected: int, warnings: Mapping[str, int]) -> None:
        """Count a scored file: its rows with a prediction, its rows without one, and its warnings by feature."""
        self.successes += 1
        self.rows += rows
        if rejected:
            self._add_rejections(InvalidInput.code, rejected)
        for feature, count in warnings.items():
            self._add_out_of_range(feature, count)

    def count_refusal(self, error: DeployerError) -> None:
        """Count an error, once for each exception object: the failure of a message may be raised for its batch too."""
        if error in self._refusals:
            return
        self._refusals.add(error)
        self._add_rejections(error.code, 1)
        if isinstance(error, InvalidInput):
            for problem in error.problems:
                # STRICT_INPUTS makes problems of such warnings. The last key of the pointer is the feature.
                if problem.code in (OUT_OF_RANGE, UNSEEN_CATEGORY):
                    name = parse_pointer(problem.pointer)[-1]
                    self._add_out_of_range(name, 1)

    def count_outcome(self, outcome: Sequence[Prediction] | DeployerError | None) -> None:
        """Count the predictions or the error of a request or a message; None is neither."""
        if isinstance(outcome, DeployerError):
            self.count_refusal(outcome)
        elif outcome is not None:
            self.count_prediction(outcome)

    def _add_rejections(self, code: str, count: int) -> None:
        self.rejections[code] = self.rejections.get(code, 0) + count

    def _add_out_of_range(self, feature: str, count: int) -> None:
        self.out_of_range[feature] = self.out_of_range.get(feature, 0) + count
