"""Follow columns through the steps of a fitted estimator, and collect what the steps have learned of them.

What a step has learned is in scikit-learn's attributes that end with an underscore; nothing is predicted.
"""

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

# Attributes in which an estimator keeps its members; each member takes the same columns as the estimator.
_MEMBERS = ("best_estimator_", "regressor_", "estimator_", "estimators_", "calibrated_classifiers_", "_preprocessor")


def inspect_columns(estimator: Any, count: int) -> list[FittedColumn]:
    """Return what the estimator has learned of each of its `count` columns, in its order."""
    walk = _ColumnWalk(count)
    walk.mark_used(walk.follow(estimator, list(range(count))))
    return walk.columns


def takes_texts(estimator: Any) -> bool:
    """Tell whether the estimator was trained on a list of texts: a vectorizer is the first of its steps."""
    if isinstance(estimator, Pipeline):
        return takes_texts(next((step for _, step in estimator.steps if step not in (None, "passthrough")), None))
    if isinstance(estimator, FeatureUnion):
        return any(takes_texts(member) for _, member in estimator.transformer_list)
    if isinstance(estimator, ColumnTransformer):
        return False
    return hasattr(estimator, "build_analyzer") or any(map(takes_texts, _list_members(estimator)))


def has_learned_float32(estimator: Any) -> bool:
    """Tell whether some step has learned float32 numbers, as it does from float32 columns."""
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
    """Follow columns from step to step, as long as each output of a step is one of its input columns."""

    def __init__(self, count: int) -> None:
        self.columns = [FittedColumn()] * count

    def follow(self, step: Any, inputs: Sequence[int]) -> Sequence[int] | None:
        """Pass columns through a step, and collect what it has learned of them.

        `inputs` are positions of the estimator's columns. Returns the column that each output of the step is, or None
        if the outputs are not columns any more.
        """
        if step is None or (isinstance(step, str) and step == "passthrough"):
            return inputs
        if isinstance(step, str):  # drop
            return []
        if isinstance(step, Pipeline):
            return self._follow_pipeline(step, inputs)
        if isinstance(step, ColumnTransformer):
            return self._follow_column_transformer(step, inputs)
        if isinstance(step, FeatureUnion):
            for _, member in step.transformer_list:
                self.mark_used(self.follow(member, inputs))
            return None
        if isinstance(step, FunctionTransformer) and step.func is None:
            return inputs
        members = _list_members(step)
        subsets = getattr(step, "estimators_features_", [range(len(inputs))] * len(members))
        for member, subset in zip(members, subsets, strict=False):
            self.mark_used(self.follow(member, [inputs[index] for index in subset]))
        return None if members else self._inspect_step(step, inputs)

    def _follow_pipeline(self, pipeline: Pipeline, inputs: Sequence[int]) -> Sequence[int] | None:
        outputs: Sequence[int] | None = inputs
        for _, step in pipeline.steps:
            if outputs is None:
                return None
            outputs = self.follow(step, outputs)
        return outputs

    def _follow_column_transformer(self, step: ColumnTransformer, inputs: Sequence[int]) -> Sequence[int] | None:
        outputs: list[int] = []
        is_followed = True
        for name, member, _ in step.transformers_:
            # A classifier or regressor chain appends its own predictions to the columns of its members.
            chosen = [inputs[index] for index in step._transformer_to_input_indices[name] if index < len(inputs)]
            found = self.follow(member, chosen) if chosen else []
            if hasattr(step, "feature_names_in_") and not (isinstance(member, str) and member == "drop"):
                # It refuses a frame without them, even if no step behind it uses them.
                self.mark_used(chosen)
            is_followed = is_followed and found is not None
            outputs += found or ()
        if is_followed:
            return outputs
        self.mark_used(outputs)
        return None

    def mark_used(self, columns: Sequence[int] | None) -> None:
        """Mark columns as used where they are not followed any further."""
        for column in columns or ():
            self._add(column, FittedColumn(is_used=True))

    def _inspect_step(self, step: Any, inputs: Sequence[int]) -> Sequence[int] | None:
        """Collect what a step without members has learned of its columns."""
        if isinstance(step, SimpleImputer):
            return self._inspect_imputer(step, inputs)
        describe = getattr(step, "describe_columns", None)  # of training.estimators.native_models
        if (described := describe(len(inputs)) if describe else None) is not None:
            for column, learned in zip(inputs, described, strict=True):
                self._add(column, learned)
            return None
        categories = getattr(step, "categories_", None)
        has_categories = isinstance(categories, list) and len(categories) == len(inputs)
        for index, column in enumerate(inputs):
            if isinstance(categories, list) and has_categories:
                self._add(column, _read_categories(categories[index]))
            else:
                self._add(column, FittedColumn(True, _get_type(step), None, _is_imputer(step)))
        return None

    def _inspect_imputer(self, step: SimpleImputer, inputs: Sequence[int]) -> Sequence[int] | None:
        missing = step.missing_values  # pandas.NA means every null
        null = NONE if missing is None else NAN if pandas.isna(missing) else None
        replaced_texts = frozenset({missing} if isinstance(missing, str) else ())
        dtype = _get_dtype(step.statistics_)
        for column, statistic in zip(inputs, step.statistics_, strict=True):
            # A constant may be a text in a column of numbers, which has no such value itself.
            is_constant = step.strategy == "constant"
            type_ = STRING if isinstance(statistic, str) and not is_constant else None
            fill_texts = frozenset({statistic} if isinstance(statistic, str) and is_constant else ())
            # To an imputer that looks for NaN, None is a value, and may be the most frequent one.
            seen_null = NONE if statistic is None or null == NONE else None
            learned = FittedColumn(True, type_, None, null is not None, seen_null)
            self._add(column, learned._replace(replaced_texts=replaced_texts, fill_texts=fill_texts, dtype=dtype))
        is_any_dropped = any(statistic != statistic for statistic in step.statistics_)  # noqa: PLR0124
        return None if step.add_indicator or is_any_dropped else inputs

    def _add(self, column: int, learned: FittedColumn) -> None:
        self.columns[column] = self.columns[column].merge(learned)


def _list_members(step: Any) -> list[Any]:
    """List the fitted estimators that the step consists of, if some of them may treat columns one by one."""
    attributes = vars(step) if hasattr(step, "__dict__") else {}
    members: list[Any] = []
    for name in _MEMBERS:
        if name == "estimator_" and "estimators_" in attributes:
            continue  # the unfitted estimator from which an ensemble made its members
        value = attributes.get(name)
        members += value if isinstance(value, list) else [] if value is None else [value]
    if type(step).__name__ in ("_CalibratedClassifier", "FrozenEstimator"):
        members.append(step.estimator)
    return [member for member in members if isinstance(member, (Pipeline, ColumnTransformer)) or _list_members(member)]


def _read_categories(categories: Any) -> FittedColumn:
    """Return what an encoder's categories of one column show."""
    values = tuple(categories.tolist())
    nulls = [value for value in values if value is None or value != value]  # noqa: PLR0124
    present = [value for value in values if not any(value is null for null in nulls)]
    type_ = None
    if present and all(isinstance(value, str) for value in present):
        type_ = STRING
    elif present and all(isinstance(value, (bool, numpy.bool_)) for value in present):
        type_ = BOOLEAN
    elif present and all(isinstance(value, (int, float, numpy.number)) for value in present):
        type_ = NUMBER
    null = None if not nulls else NONE if nulls[0] is None else NAN
    return FittedColumn(True, type_, values, bool(nulls), null, dtype=_get_dtype(categories))


def _get_dtype(array: Any) -> str | None:
    """Return OBJECT or FLOAT64, as a step has learned a column's values; None for texts and booleans."""
    kind = numpy.asarray(array).dtype.kind
    return OBJECT if kind == "O" else FLOAT64 if kind in "iuf" else None


def _is_imputer(step: Any) -> bool:
    return type(step).__name__ in ("KNNImputer", "IterativeImputer")


def _get_type(step: Any) -> str | None:
    """Return the feature type that a step of scikit-learn takes; None if it takes several."""
    if hasattr(step, "build_analyzer"):
        return TEXT
    if not type(step).__module__.startswith("sklearn.") or isinstance(step, FunctionTransformer):
        return None
    tags = get_tags(step).input_tags
    return NUMBER if tags.two_d_array and not (tags.categorical or tags.string) else None
