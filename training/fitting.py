"""Train an estimator, or take an existing one, on the columns of a table."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy

from function.model.contract import NUMBER, Feature
from function.model.dtypes import FLOAT32, FLOAT64
from function.model.manifest import CLASSIFICATION, REGRESSION
from training.errors import quote_names
from training.estimators import default_forest, evaluation, input_forms, inspection, loading
from training.estimators.column_walk import has_learned_float32
from training.estimators.fitted_columns import FittedColumn
from training.options import Options
from training.progress import print_progress
from training.tables import targets
from training.tables.columns import Column, ColumnHint
from training.tables.features import check_option_columns, make_features, make_hint
from training.tables.table import Table


class ModelInputs(NamedTuple):
    """The columns that the estimator is given, in its order, and what the manifest says of them.

    `known` is what an estimator that exists says of them; `named` is whether it takes them by their
    names, `ignored` are those of its training that it does not use.
    """

    columns: dict[str, Column]
    features: list[Feature]
    known: dict[str, FittedColumn] | None
    named: bool
    ignored: Sequence[str] = ()


class FittedModel(NamedTuple):
    """An estimator, its inputs, its task and what was measured of it."""

    estimator: Any
    inputs: ModelInputs
    task: targets.Task
    metrics: evaluation.Metrics | None
    cautions: list[str]


def _read_inputs(
    options: Options, table: Table, names: list[str], known: dict[str, FittedColumn] | None, *, named: bool
) -> ModelInputs:
    """Reads the columns. Raises TrainingError where one is none that a model can have."""
    check_option_columns(options, table, names)
    tolds = {name: make_hint(options, table, name, None if known is None else known[name]) for name in names}
    columns = {name: _read_column(table, name, tolds[name], known) for name in names}
    return ModelInputs(columns, make_features(options, columns, tolds, known), known, named)


def _read_column(table: Table, name: str, told: ColumnHint, known: Mapping[str, FittedColumn] | None) -> Column:
    # What the estimator does not use stands in for its place in an array alone.
    return table.get_usable_column(name, told) if known is None or known[name].used else table.get_column(name, told)


def train_default(options: Options, table: Table, chosen: list[str]) -> FittedModel:
    """Train the default estimator on the chosen columns. Raises TrainingError."""
    told = make_hint(options, table, options.target, None)
    task = targets.choose_task(table, options.target, told, options.task)
    found = _read_inputs(options, table, chosen, None, named=True)
    wanted = table.get_column(options.target, told)
    targets.check_leaks(found.columns, wanted, options.target)
    target = targets.make_target_array(wanted.values, wanted.kind, task.name)
    # The truth of the golden rows is what the estimator says of the frame that it was trained on: the canonical one.
    frame = input_forms.build_canonical_frame(found.columns, found.features)
    new = (
        default_forest.make_example_forest()
        if options.example
        else default_forest.make_default_estimator(task.name, found.features, table.rows)
    )
    print_progress(f"read {table.rows:,} rows with {len(chosen)} features from {options.data.name}")
    metrics = evaluation.cross_validate(new, frame, target, task.name, print_progress)
    fitted = default_forest.fit(new, frame, target, print_progress)
    loading.check_modules(fitted)
    cautions = evaluation.find_cautions(metrics, target, task.name) if metrics else []
    return FittedModel(fitted, found, task, metrics, cautions)


def inspect_existing(options: Options, table: Table, chosen: list[str], estimator: Any) -> FittedModel:
    """Match an existing estimator with the chosen columns and evaluate it. Raises TrainingError."""
    task = inspection.get_task(estimator, options.task)
    known = inspection.match_columns(estimator, chosen, options.target)
    left_out = [name for name in chosen if name not in known]
    if left_out:
        print_progress(f"notice: the estimator does not use {quote_names(left_out)}: left out.")
    names = inspection.get_feature_names(estimator)
    named = names is not None
    found = _read_inputs(options, table, list(known), known, named=named)
    found = found._replace(ignored=[name for name in names or () if name not in known])
    if has_learned_float32(estimator):
        found = found._replace(features=[_narrow(feature) for feature in found.features])
    form = input_forms.build_training_input(found.columns, found.features, named=named)
    print_progress(f"predicting {table.rows:,} rows of {options.data.name}")
    predicted = inspection.call_estimator("to predict the table", lambda: numpy.asarray(estimator.predict(form)))
    inspection.check_single_target(estimator, predicted)
    if task.name == REGRESSION and (lost := int((~numpy.isfinite(predicted)).sum())):
        print_progress(
            f"notice: the estimator has no finite answer to {lost:,} of {table.rows:,} rows: they are not scored."
        )
    metrics, cautions = _evaluate(options, table, task.name, estimator, form)
    if cautions and not named:
        cautions.append(
            f"It takes its columns by place, in this order: {quote_names(known)}. Is it the one of its training?"
        )
    return FittedModel(estimator, found, task, metrics, cautions)


def _narrow(feature: Feature) -> Feature:
    """The feature of an estimator that has learned in float32, where the file's type does not say so."""
    return feature._replace(dtype=FLOAT32) if feature.type == NUMBER and feature.dtype == FLOAT64 else feature


def _evaluate(
    options: Options, table: Table, task: str, estimator: Any, form: Any
) -> tuple[evaluation.Metrics | None, list[str]]:
    """The estimator's scores on the rows that have a target, and what is to be said of them; none without a target."""
    if options.target not in table.names:
        print_progress(f"notice: the table has no column {options.target!r}, so the estimator is not scored.")
        return None, []
    classes = tuple(estimator.classes_.tolist()) if task == CLASSIFICATION else None
    told = ColumnHint(options.types.get(options.target), FittedColumn(True, None, classes).null_cells)
    present = table.get_column(options.target, told).values.notna().to_numpy()
    if not present.all():
        print_progress(f"notice: {int((~present).sum()):,} rows have no {options.target!r}: they are not scored.")
    if not present.any():
        return None, []
    target = _read_target(table, options.target, told, task, estimator)
    rows = form[present]
    metrics = inspection.call_estimator(
        "to be scored", lambda: evaluation.evaluate_on_table(estimator, rows, target, task)
    )
    few = metrics or inspection.call_estimator(
        "to be scored", lambda: evaluation.compute_metrics(estimator, rows, target, task)
    )
    return metrics, evaluation.find_cautions(few, target, task, few=metrics is None)


def _read_target(table: Table, name: str, told: ColumnHint, task: str, estimator: Any) -> targets.TargetArray:
    column = table.get_usable_column(name, told)
    values = column.values.dropna()
    if task == CLASSIFICATION:
        labels = targets.match_classes(values, name, estimator.classes_.tolist())
        return numpy.array(labels, dtype=object)
    targets.check_numeric(column.kind, name)
    return targets.make_target_array(values, column.kind, REGRESSION)
