"""Runs the scikit-learn estimator that joblib wrote; the only module of the function that imports scikit-learn."""

import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from function.errors import ARTIFACT_UNREADABLE, VERSION_MISMATCH, BundleError
from function.model.contract import BOOLEAN, Columns, Feature
from function.model.dtypes import FLOAT64, SMALL_INTEGERS
from function.model.manifest import CLASSIFICATION, LIBRARIES, PACKAGE_AGAIN, Artifact, Manifest
from function.model.runtime import ArrayOutputs, Content, NotPredictable, Outputs
from function.runtimes.joblib_inputs import are_numbers, build_array, build_frame, find_odd_rows, stack_numbers
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
    # Lambda has no /dev/shm: without this, importing joblib tries a semaphore there and warns that it cannot.
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
        # Unpickling raises whatever the pickled classes raise; the type alone is told, the text may quote anything.
        raise BundleError(
            ARTIFACT_UNREADABLE,
            f"The estimator in {artifact.file} cannot be loaded ({type(error).__name__}): an estimator may use only "
            f"what function/requirements.txt installs; then {PACKAGE_AGAIN}.",
        ) from None
    return JoblibRuntime(estimator, manifest, artifact.input)


def _prepare(estimator: object) -> None:
    """Has all parts of the estimator work on one processor. Raises ValueError where it has nodes that are no tree."""
    for nested in nested_estimators(estimator):
        if getattr(nested, "n_jobs", None) is not None:
            nested.n_jobs = 1
        check_trees(nested)


def nested_estimators(root: object) -> Iterator[Any]:
    """The estimator and all that it is made of: steps, transformers, members of an ensemble, wherever they are kept."""
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
    """An estimator; `form` says whether it is passed an `array` or a `frame`."""

    def __init__(self, estimator: Any, manifest: Manifest, form: str) -> None:
        self._estimator = estimator
        self._features = manifest.contract.features
        self._classifies = manifest.task == CLASSIFICATION
        self._classes = manifest.classes or ()
        self._form = form

    def predict(self, columns: Columns) -> Outputs:
        """One output per record; numbers come from the estimator unrounded. Raises NotPredictable."""
        if not columns[0]:
            return Outputs([], None)
        values, probabilities = self._predicted(columns)
        if self._classifies:
            rows = None if probabilities is None else probabilities.tolist()
            return Outputs([_plain(label) for label in values.tolist()], rows)
        return Outputs(values.ravel().astype(float).tolist(), None)

    def predict_arrays(self, columns: "Sequence[Array]") -> ArrayOutputs:
        """One output per row. Raises NotPredictable."""
        if self._form == "array" and are_numbers(self._features):
            values, probabilities = self._ask_estimator(lambda: stack_numbers(columns, self._features))
        else:
            # Nulls take the forms that they have in records.
            values, probabilities = self._predicted(
                [
                    [None if value is None or value != value else _native(feature, value) for value in column.tolist()]  # noqa: PLR0124
                    for feature, column in zip(self._features, columns, strict=True)
                ]
            )
        if self._classifies:
            return ArrayOutputs(self._places(values), probabilities)
        return ArrayOutputs(values.ravel().astype(float), None)

    def _predicted(self, columns: Columns) -> "tuple[Array, Array | None]":
        """What the estimator predicts for the columns, and its probabilities. Raises NotPredictable."""
        if self._form == "array":
            return self._ask_estimator(lambda: build_array(columns, self._features))
        odd = find_odd_rows(columns, self._features)
        if not odd:
            return self._ask_estimator(lambda: build_frame(columns, self._features))
        # By themselves, so that no row's answer depends on the others beside it.
        rest = sorted(set(range(len(columns[0]))).difference(odd))
        widened = [f._replace(dtype=FLOAT64) if f.dtype in SMALL_INTEGERS else f for f in self._features]
        parts = [
            self._ask_estimator(lambda: build_frame([[column[row] for row in rows] for column in columns], features))  # noqa: B023
            for rows, features in ((odd, widened), (rest, self._features))
            if rows
        ]
        return _merged(odd + rest, parts)

    def _ask_estimator(self, table_of: "Callable[[], Table]") -> "tuple[Array, Array | None]":
        """What the estimator predicts for the table, and its probabilities. Raises NotPredictable."""
        try:
            with warnings.catch_warnings():
                # Among them: "X does not have valid feature names" (the array is in the features' order) and overflows
                # (an answer that is not finite is dealt with by who asked).
                warnings.simplefilter("ignore")
                table = table_of()
                # `predict` decides the label: for SVC and tuned thresholds it is not always the likeliest class.
                return self._estimator.predict(table), self._probabilities(table)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001
            # The values have passed the contract and the golden rows were predicted, so it is these values that the
            # estimator refuses: an unseen category, a number past float32.
            raise NotPredictable(type(error).__name__) from None

    def _probabilities(self, table: "Table") -> "Array | None":
        # hasattr is how scikit-learn says it: SVC and Pipeline have the method only where it can answer.
        if not self._classifies or not hasattr(self._estimator, "predict_proba"):
            return None
        rows: Array = self._estimator.predict_proba(table)
        return rows

    def _places(self, labels: "Array") -> "Array":
        import numpy

        places = {label: place for place, label in enumerate(self._classes)}
        return numpy.array([places[_plain(label)] for label in labels.tolist()], dtype=numpy.intp)


def _native(feature: Feature, value: Any) -> Any:
    return bool(value) if feature.type == BOOLEAN else value


def _plain(label: Any) -> Any:
    return label.item() if hasattr(label, "item") else label


def _merged(rows: Sequence[int], parts: "Sequence[tuple[Array, Array | None]]") -> "tuple[Array, Array | None]":
    """The answers of the parts, which are those of `rows` one after the other, in the order of the rows."""
    import numpy

    order = numpy.argsort(rows)
    values = numpy.concatenate([values for values, _ in parts])[order]
    shares = [shares for _, shares in parts if shares is not None]
    return values, numpy.concatenate(shares)[order] if shares else None
