"""Run the scikit-learn estimator that joblib wrote."""

import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from function.errors import ARTIFACT_UNREADABLE, VERSION_MISMATCH, BundleError
from function.model.contract import BOOLEAN, Columns, Feature
from function.model.dtypes import FLOAT64, SMALL_INTEGERS
from function.model.manifest import LIBRARIES, PACKAGE_AGAIN, Artifact, Manifest
from function.model.runtime import ArrayOutputs, Content, NotPredictable, Outputs, list_outputs
from function.model.target import DISTANCES, OUTLIER_DETECTION, SCORE, Targets
from function.runtimes.joblib_inputs import (
    are_numbers,
    build_array,
    build_frame,
    build_texts,
    find_odd_rows,
    stack_numbers,
)
from function.runtimes.joblib_trees import check_trees

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy
    import pandas

    type Array = numpy.ndarray[Any, Any]
    type Table = Array | pandas.DataFrame


def list_versions(wanted: Iterable[str]) -> dict[str, str]:
    """List the versions of Python and of those wanted libraries that are in LIBRARIES and installed."""
    from function.runtimes.deferred_imports import import_scikit_learn

    found = {"python": sys.version.split()[0]}
    for distribution in wanted:
        try:
            import_scikit_learn()
            found[distribution] = __import__(LIBRARIES[distribution]).__version__
        except (ImportError, KeyError):
            continue
    return found


def load(content: Content, manifest: Manifest, artifact: Artifact) -> "JoblibRuntime":
    """Unpickle the estimator, always from bytes that were hashed just now, whatever the image's build verified.

    Raises BundleError `version_mismatch` where scikit-learn says that it comes from another release,
    `artifact_unreadable` where it cannot be loaded.
    """
    data = content.read()
    # Lambda has no /dev/shm: without this, joblib tries to create a semaphore there when it is imported, and warns.
    os.environ.setdefault("JOBLIB_MULTIPROCESSING", "0")
    from function.runtimes.deferred_imports import import_scikit_learn

    import_scikit_learn()
    import joblib
    from sklearn.exceptions import InconsistentVersionWarning

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", InconsistentVersionWarning)
            estimator = joblib.load(BytesIO(data))
        _prepare(estimator)
    except InconsistentVersionWarning as warning:
        raise BundleError(
            VERSION_MISMATCH,
            f"The estimator in {artifact.file} comes from scikit-learn {warning.original_sklearn_version} and this is "
            f"{warning.current_sklearn_version}: {PACKAGE_AGAIN}.",
        ) from None
    except MemoryError:
        raise BundleError(
            ARTIFACT_UNREADABLE,
            f"The estimator in {artifact.file} needs more memory than there is: give it more, or {PACKAGE_AGAIN}.",
        ) from None
    except Exception as error:  # noqa: BLE001
        # Unpickling raises any exception that the pickled classes raise. The message names its type only: the text may
        # quote anything.
        raise BundleError(
            ARTIFACT_UNREADABLE,
            f"The estimator in {artifact.file} cannot be loaded ({type(error).__name__}): an estimator may use only "
            f"what function/requirements.txt installs; then {PACKAGE_AGAIN}.",
        ) from None
    return JoblibRuntime(estimator, manifest.contract.features, manifest.task, manifest.targets, artifact.input)


def _prepare(estimator: object) -> None:
    """Set all parts of the estimator to one processor, and check their trees. Raises ValueError."""
    for nested in find_nested_estimators(estimator):
        if getattr(nested, "n_jobs", None) is not None:
            nested.n_jobs = 1
        check_trees(nested)


def find_nested_estimators(root: object) -> Iterator[Any]:
    """Yield the estimator and, once each, all estimators in it: steps, transformers, members of an ensemble."""
    import numpy

    seen: set[int] = set()
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if hasattr(item, "get_params") and not isinstance(item, type):
            yield item
            waiting.extend(vars(item).values())
        elif isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, (list, tuple)):
            waiting.extend(item)
        elif isinstance(item, numpy.ndarray) and item.dtype == object:
            waiting.extend(item.ravel().tolist())


class JoblibRuntime:
    """An estimator that takes an array, a data frame or texts alone, as `form` says: `array`, `frame` or `texts`."""

    def __init__(self, estimator: Any, features: Sequence[Feature], task: str, targets: Targets, form: str) -> None:
        self._estimator = estimator
        self._features = features
        self._targets = targets
        self._finds_outliers = task == OUTLIER_DETECTION
        self._scores = targets[0].scores
        self._form = form

    def predict(self, columns: Columns) -> Outputs:
        """Return one output per record, unrounded. Raises NotPredictable."""
        return list_outputs(self._targets, self._predict_columns(columns)) if columns[0] else []

    def predict_table(self, build_table: "Callable[[], Table]") -> Outputs:
        """Return one output per row of the table that `build_table()` returns. Raises NotPredictable."""
        return list_outputs(self._targets, self._ask_estimator(build_table))

    def predict_arrays(self, columns: "Sequence[Array]") -> ArrayOutputs:
        """Return one output per row. Raises NotPredictable."""
        if self._form == "array" and are_numbers(self._features):
            return self._ask_estimator(lambda: stack_numbers(columns, self._features))
        return self._predict_columns(
            [_list_values(feature, column) for feature, column in zip(self._features, columns, strict=True)]
        )

    def _predict_columns(self, columns: Columns) -> ArrayOutputs:
        """Predict the columns. Raises NotPredictable."""
        if self._form != "frame":
            build = build_array if self._form == "array" else build_texts
            return self._ask_estimator(lambda: build(columns, self._features))
        odd = find_odd_rows(columns, self._features)
        if not odd:
            return self._ask_estimator(lambda: build_frame(columns, self._features))
        # The odd rows are predicted apart, so that no row's answer depends on the others.
        rest = sorted(set(range(len(columns[0]))).difference(odd))
        widened = [f._replace(dtype=FLOAT64) if f.dtype in SMALL_INTEGERS else f for f in self._features]
        parts = [
            self._ask_estimator(lambda: build_frame([[column[row] for row in rows] for column in columns], features))  # noqa: B023
            for rows, features in ((odd, widened), (rest, self._features))
            if rows
        ]
        return _merge_parts(odd + rest, parts)

    def _ask_estimator(self, build_table: "Callable[[], Table]") -> ArrayOutputs:
        """Predict the table that `build_table()` returns. Raises NotPredictable."""
        import numpy

        try:
            with warnings.catch_warnings():
                # Among the warnings: "X does not have valid feature names" (the array is in the features' order) and
                # overflows (the caller handles predictions that are not finite).
                warnings.simplefilter("ignore")
                table = build_table()
                # The label is predict's: for SVC and tuned thresholds it is not always the most probable class.
                predicted, scores = self._estimator.predict(table), self._compute_scores(table)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001
            # The contract accepted the values and the golden rows were predicted, so the estimator refuses these
            # values: an unseen category, a number too large for float32.
            raise NotPredictable(type(error).__name__) from None
        return self._build_outputs(numpy.asarray(predicted).reshape(len(predicted), -1), scores)

    def _compute_scores(self, table: "Table") -> "list[Array]":
        """Compute the scores of each target, of shape (n, scores)."""
        import numpy

        if self._scores is None:
            return []
        if self._scores == SCORE:
            return [self._estimator.decision_function(table).reshape(-1, 1)]
        if self._scores == DISTANCES:
            return [self._estimator.transform(table)]
        found = self._estimator.predict_proba(table)
        if len(self._targets) == 1 or isinstance(found, list):
            return found if isinstance(found, list) else [found]
        # Of several labels that a record has or has not, an array of the probabilities that it has them.
        return [numpy.column_stack([1 - share, share]) for share in found.T]

    def _build_outputs(self, predicted: "Array", scores: "list[Array]") -> ArrayOutputs:
        """Build the outputs of predictions of shape (n, targets), and of the targets' scores."""
        import numpy

        outputs: ArrayOutputs = []
        for place, (target, column) in enumerate(zip(self._targets, predicted.T, strict=True)):
            if target.classes is None:
                outputs.append(column.astype(float))
            elif self._finds_outliers:
                outputs.append((column > 0).astype(numpy.intp))
            else:
                places = {label: index for index, label in enumerate(target.classes)}
                labels = map(_unwrap_scalar, column.tolist())
                outputs.append(numpy.array([places[label] for label in labels], dtype=numpy.intp))
            outputs += list(scores[place].T.astype(float)) if scores else []
        return outputs


def _list_values(feature: Feature, column: "Array") -> list[Any]:
    """List a column's values as records have them: None for NaN, bool for a boolean's numbers."""
    values = [None if value is None or value != value else value for value in column.tolist()]  # noqa: PLR0124
    return [None if value is None else bool(value) for value in values] if feature.type == BOOLEAN else values


def _unwrap_scalar(label: Any) -> Any:
    return label.item() if hasattr(label, "item") else label


def _merge_parts(rows: Sequence[int], parts: "Sequence[ArrayOutputs]") -> ArrayOutputs:
    """Merge the parts' outputs, which belong to `rows` in their order, into the order of the row numbers."""
    import numpy

    order = numpy.argsort(rows)
    return [numpy.concatenate(columns)[order] for columns in zip(*parts, strict=True)]
