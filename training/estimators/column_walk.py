"""Follow the columns of a table through the steps of a fitted estimator."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy
import pandas
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags

from function.model.contract import BOOLEAN, NAN, NONE, NUMBER, STRING, TEXT
from function.model.dtypes import FLOAT64, OBJECT
from function.runtimes.joblib import find_nested_estimators
from training.estimators.fitted_columns import FittedColumn

# Where estimators keep those that they are made of; all of them are given the same columns.
_MEMBERS = ("best_estimator_", "regressor_", "estimator_", "estimators_", "calibrated_classifiers_", "_preprocessor")


def inspect_columns(estimator: Any, count: int) -> list[FittedColumn]:
    """What is known of each of `count` columns, in the order in which the estimator takes them."""
    walk = _ColumnWalk(count)
    walk.use(walk.follow(estimator, list(range(count))))
    return walk.known


def has_learned_float32(estimator: Any) -> bool:
    """Whether some step has learned float32 numbers, as it does from a table of such."""
    return any(
        isinstance(array, numpy.ndarray) and array.dtype == numpy.float32
        for nested in find_nested_estimators(estimator)
        for array in _iterate_learned(vars(nested))
    )


def _iterate_learned(attributes: dict[str, Any]) -> Iterator[Any]:
    for name, value in attributes.items():
        if name.endswith("_") or name == "_fit_X":
            yield from value if isinstance(value, list) else [value]


class _ColumnWalk:
    """Follows columns through the steps, as long as each step's outputs are its inputs."""

    def __init__(self, count: int) -> None:
        self.known = [FittedColumn()] * count

    def follow(self, step: Any, places: Sequence[int]) -> Sequence[int] | None:
        """Takes the columns at `places` through a step; where each column of its output comes from, None if not one."""
        if step is None or (isinstance(step, str) and step == "passthrough"):
            return places
        if isinstance(step, str):  # drop
            return []
        if isinstance(step, Pipeline):
            return self._follow_all([member for _, member in step.steps], places)
        if isinstance(step, ColumnTransformer):
            return self._follow_columns(step, places)
        if isinstance(step, FeatureUnion):
            for _, member in step.transformer_list:
                self.use(self.follow(member, places))
            return None
        if isinstance(step, FunctionTransformer) and step.func is None:
            return places
        members = _list_members(step)
        subsets = getattr(step, "estimators_features_", [range(len(places))] * len(members))
        for member, subset in zip(members, subsets, strict=False):
            self.use(self.follow(member, [places[at] for at in subset]))
        return None if members else self._look_at(step, places)

    def _follow_all(self, steps: Sequence[Any], places: Sequence[int]) -> Sequence[int] | None:
        followed: Sequence[int] | None = places
        for step in steps:
            if followed is None:
                return None
            followed = self.follow(step, followed)
        return followed

    def _follow_columns(self, step: ColumnTransformer, places: Sequence[int]) -> Sequence[int] | None:
        found: list[int] = []
        unknown = False
        for name, member, _ in step.transformers_:
            # A chain gives its members further columns, which are its own predictions.
            chosen = [places[at] for at in step._transformer_to_input_indices[name] if at < len(places)]
            outputs = self.follow(member, chosen) if chosen else []
            unknown = unknown or outputs is None
            found += outputs or ()
        if not unknown:
            return found
        self.use(found)
        return None

    def use(self, places: Sequence[int] | None) -> None:
        """Says of columns that were followed to here that they are used; what becomes of them is not followed."""
        for place in places or ():
            self._say(place, FittedColumn(used=True))

    def _look_at(self, step: Any, places: Sequence[int]) -> Sequence[int] | None:
        """What a step that is made of no others says of its columns."""
        if isinstance(step, SimpleImputer):
            return self._look_at_imputer(step, places)
        categories = getattr(step, "categories_", None)
        listed = categories if isinstance(categories, list) and len(categories) == len(places) else None
        for number, place in enumerate(places):
            self._say(
                place,
                _read_categories(listed[number])
                if listed
                else FittedColumn(True, _get_type(step), None, _is_imputer(step)),
            )
        return None

    def _look_at_imputer(self, step: SimpleImputer, places: Sequence[int]) -> Sequence[int] | None:
        missing = step.missing_values  # pandas' NA stands for every null there is
        null = NONE if missing is None else NAN if pandas.isna(missing) else None
        sought = frozenset({missing} if isinstance(missing, str) else ())
        dtype = _get_dtype(step.statistics_)
        for place, statistic in zip(places, step.statistics_, strict=True):
            is_constant = step.strategy == "constant"  # which may be a text among numbers, and no value of the column
            kind = STRING if isinstance(statistic, str) and not is_constant else None
            # A most frequent None is a value to an imputer that looks for NaN.
            seen = NONE if statistic is None else null
            filled = frozenset({statistic} if isinstance(statistic, str) and is_constant else ())
            known = FittedColumn(True, kind, None, null is not None, seen if seen == NONE else None)
            self._say(place, known._replace(sought=sought, filled=filled, dtype=dtype))
        dropped = any(statistic != statistic for statistic in step.statistics_)  # noqa: PLR0124
        return None if step.add_indicator or dropped else places

    def _say(self, place: int, known: FittedColumn) -> None:
        self.known[place] = self.known[place].merged(known)


def _list_members(step: Any) -> list[Any]:
    """The fitted estimators that the step is made of, where some of them may look at columns one by one."""
    attributes = vars(step) if hasattr(step, "__dict__") else {}
    found: list[Any] = []
    for name in _MEMBERS:
        if name == "estimator_" and "estimators_" in attributes:
            continue  # what an ensemble made its members of, which is not fitted
        value = attributes.get(name)
        found += value if isinstance(value, list) else [] if value is None else [value]
    if type(step).__name__ in ("_CalibratedClassifier", "FrozenEstimator"):
        found.append(step.estimator)
    return [member for member in found if isinstance(member, (Pipeline, ColumnTransformer)) or _list_members(member)]


def _read_categories(categories: Any) -> FittedColumn:
    """What an encoder's categories of one column say."""
    listed = tuple(categories.tolist())
    nulls = [category for category in listed if category is None or category != category]  # noqa: PLR0124
    present = [category for category in listed if not any(category is null for null in nulls)]
    kind = None
    if present and all(isinstance(category, str) for category in present):
        kind = STRING
    elif present and all(isinstance(category, (bool, numpy.bool_)) for category in present):
        kind = BOOLEAN
    elif present and all(isinstance(category, (int, float, numpy.number)) for category in present):
        kind = NUMBER
    null = None if not nulls else NONE if nulls[0] is None else NAN
    return FittedColumn(True, kind, listed, bool(nulls), null, dtype=_get_dtype(categories))


def _get_dtype(array: Any) -> str | None:
    """Whether a step has learned a column's values as objects or as numbers."""
    kind = numpy.asarray(array).dtype.kind
    return OBJECT if kind == "O" else FLOAT64 if kind in "iuf" else None


def _is_imputer(step: Any) -> bool:
    return type(step).__name__ in ("KNNImputer", "IterativeImputer")


def _get_type(step: Any) -> str | None:
    """The kind that a step of scikit-learn's takes, where it takes one alone."""
    if hasattr(step, "build_analyzer"):
        return TEXT
    if not type(step).__module__.startswith("sklearn.") or isinstance(step, FunctionTransformer):
        return None
    tags = get_tags(step).input_tags
    return NUMBER if tags.two_d_array and not (tags.categorical or tags.string) else None
