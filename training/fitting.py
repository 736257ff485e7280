"""Train the default estimator on a table, or match an existing estimator with a table."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy

from function.model.contract import NUMBER, Feature
from function.model.dtypes import FLOAT32, FLOAT64
from function.model.target import CLASSIFICATION, REGRESSION, Target
from training.errors import quote_names
from training.estimators import default_forest, evaluation, input_forms, inspection, loading
from training.estimators.column_walk import has_learned_float32, takes_texts
from training.estimators.fitted_columns import FittedColumn
from training.options import Options
from training.progress import print_progress
from training.tables import targets
from training.tables.columns import Column, ColumnHint
from training.tables.features import check_option_columns, make_features, make_hint
from training.tables.table import Table


class ModelInputs(NamedTuple):
    """The columns that the estimator takes, in its order, and their features.

    `fitted_columns` is what an existing estimator has learned of them, None for one that is trained here. `form` is
    that of its training: FRAME, ARRAY or TEXTS_ALONE (training.estimators.input_forms). `ignored` are columns of its
    training that it does not use.
    """

    columns: dict[str, Column]
    features: list[Feature]
    fitted_columns: dict[str, FittedColumn] | None
    form: str
    ignored: Sequence[str] = ()


class FittedModel(NamedTuple):
    """A fitted estimator with its inputs and targets, and its evaluation; `metrics` is None without enough rows."""

    estimator: Any
    inputs: ModelInputs
    task: targets.Task
    targets: list[Target]
    metrics: evaluation.Metrics | None
    cautions: list[str]


def train_default(options: Options, table: Table, chosen: list[str], trees: int) -> FittedModel:
    """Train and cross-validate the default estimator, of so many trees, on the chosen columns. Raises TrainingError."""
    (name,) = options.targets
    hint = make_hint(options, table, name, None)
    task = targets.choose_task(table, name, hint, options.task)
    inputs = _read_inputs(options, table, chosen, None, input_forms.FRAME)
    target_column = table.get_column(name, hint)
    targets.check_leaks(inputs.columns, target_column, name)
    target = targets.make_target_array(target_column.values, target_column.type, task.name)
    # Golden rows are predicted from the frame that the estimator was trained on, which is the canonical one.
    frame = input_forms.build_canonical_frame(inputs.columns, inputs.features)
    if options.example:
        unfitted = default_forest.make_example_forest()
    else:
        unfitted = default_forest.make_default_estimator(task.name, inputs.features, table.rows, trees)
    print_progress(f"read {table.rows:,} rows with {len(chosen)} features from {options.data.name}")
    metrics = evaluation.cross_validate(unfitted, frame, target, task.name, print_progress)
    estimator = default_forest.fit(unfitted, frame, target, print_progress)
    loading.check_modules(estimator)
    cautions = evaluation.find_cautions(metrics, target, task.name) if metrics else []
    described = inspection.describe_targets(estimator, task.name, options.targets, options.unit, frame[:1])
    return FittedModel(estimator, inputs, task, described, metrics, cautions)


def match_existing(options: Options, table: Table, chosen: list[str], estimator: Any) -> FittedModel:
    """Match an existing estimator with the chosen columns and evaluate it. Raises TrainingError."""
    task = inspection.get_task(estimator, options.task)
    fitted_columns = inspection.match_columns(estimator, chosen, options.targets)
    if unused := [name for name in chosen if name not in fitted_columns]:
        print_progress(f"notice: the estimator does not use {quote_names(unused)}: left out of the model's inputs.")
    names = inspection.get_feature_names(estimator, chosen)
    form = input_forms.FRAME if names is not None else input_forms.ARRAY
    if takes_texts(estimator):
        form = input_forms.TEXTS_ALONE
    inputs = _read_inputs(options, table, list(fitted_columns), fitted_columns, form)
    inputs = inputs._replace(ignored=[name for name in names or () if name not in fitted_columns])
    if has_learned_float32(estimator):
        inputs = inputs._replace(features=[_narrow(feature) for feature in inputs.features])
    training_input = input_forms.build_training_input(inputs.columns, inputs.features, form)
    print_progress(f"predicting {table.rows:,} rows of {options.data.name}")
    predicted = inspection.call_estimator("predict the table", lambda: numpy.asarray(estimator.predict(training_input)))
    described = inspection.call_estimator(
        "predict the first row",
        lambda: inspection.describe_targets(estimator, task.name, options.targets, options.unit, training_input[:1]),
    )
    if task.name == REGRESSION and (count := int((~numpy.isfinite(predicted)).sum())):
        print_progress(
            f"notice: the estimator predicts no finite number for {count:,} of {table.rows:,} rows: left out of the "
            "metrics."
        )
    model = FittedModel(estimator, inputs, task, described, None, [])
    metrics, cautions = _evaluate(options, table, model, training_input, predicted)
    if cautions and form == input_forms.ARRAY:
        cautions.append(
            f"The model takes its columns in this order: {quote_names(fitted_columns)}. Check that it was trained on "
            "them in the same order."
        )
    return model._replace(metrics=metrics, cautions=cautions)


def _read_inputs(
    options: Options,
    table: Table,
    names: list[str],
    fitted_columns: dict[str, FittedColumn] | None,
    form: str,
) -> ModelInputs:
    """Read the columns. Raises TrainingError if a model cannot use one of them."""
    check_option_columns(options, table, names)
    hints = {
        name: make_hint(options, table, name, None if fitted_columns is None else fitted_columns[name])
        for name in names
    }
    columns = {name: _read_column(table, name, hints[name], fitted_columns) for name in names}
    features = make_features(options, columns, hints, fitted_columns)
    return ModelInputs(columns, features, fitted_columns, form)


def _read_column(
    table: Table, name: str, hint: ColumnHint, fitted_columns: Mapping[str, FittedColumn] | None
) -> Column:
    if fitted_columns is None or fitted_columns[name].is_used:
        return table.get_usable_column(name, hint)
    # An estimator of arrays does not use it, but it must be there to keep the others in their positions.
    return table.get_column(name, hint)


def _narrow(feature: Feature) -> Feature:
    """Make a float64 feature float32, for an estimator that has learned float32 numbers."""
    return feature._replace(dtype=FLOAT32) if feature.type == NUMBER and feature.dtype == FLOAT64 else feature


def _evaluate(
    options: Options, table: Table, model: FittedModel, training_input: Any, predicted: Any
) -> tuple[evaluation.Metrics | None, list[str]]:
    """Return the estimator's metrics on the rows that have a target, and the cautions that follow from them.

    Of several targets, their names are at the end of the metrics' names.
    """
    if model.task.name not in (REGRESSION, CLASSIFICATION):
        return None, []
    if len(model.targets) == 1:
        return _evaluate_target(options, table, model, training_input, predicted.ravel())
    merged: evaluation.Metrics = {}
    cautions: list[str] = []
    for target, column in zip(model.targets, predicted.T, strict=True):
        alone = model._replace(targets=[target], estimator=None)
        metrics, found = _evaluate_target(options, table, alone, training_input, column)
        cautions += [f"{target.name}: {caution}" for caution in found]
        for name, value in (metrics or {}).items():
            merged[name if name == "method" else f"{name}_{target.name}"] = value
    return merged or None, cautions


def _evaluate_target(
    options: Options, table: Table, model: FittedModel, training_input: Any, predicted: Any
) -> tuple[evaluation.Metrics | None, list[str]]:
    (target,), task = model.targets, model.task.name
    if target.name not in table.names:
        print_progress(f"notice: the table has no column {target.name!r}: the estimator is not evaluated.")
        return None, []
    hint = ColumnHint(options.types.get(target.name), FittedColumn(True, None, target.classes).null_cells)
    present = table.get_column(target.name, hint).values.notna().to_numpy()
    if not present.all():
        print_progress(
            f"notice: the target {target.name!r} is null in {int((~present).sum()):,} rows: left out of the metrics."
        )
    if not present.any():
        return None, []
    values = _read_target(table, target, hint)
    measured = inspection.call_estimator(
        "predict the rows that have a target",
        lambda: evaluation.compute_metrics(model.estimator, training_input[present], predicted[present], values, task),
    )
    metrics = evaluation.describe_table_metrics(measured, len(values))
    return metrics, evaluation.find_cautions(measured, values, task, is_small=metrics is None)


def _read_target(table: Table, target: Target, hint: ColumnHint) -> targets.TargetArray:
    column = table.get_usable_column(target.name, hint)
    values = column.values.dropna()
    if target.classes is not None:
        return numpy.array(targets.match_classes(values, target.name, target.classes), dtype=object)
    targets.check_numeric(column.type, target.name)
    return targets.make_target_array(values, column.type, REGRESSION)
