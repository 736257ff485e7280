"""One bundle from beginning to end: read, train or take, check, package, say so."""

import io
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import joblib
import numpy
import pandas

from function.model.contract import NUMBER, TEXT, Feature
from function.model.dtypes import FLOAT32, FLOAT64
from function.model.manifest import CLASSIFICATION, REGRESSION, Manifest
from function.model.runtime import wrap_bytes
from function.runtimes import joblib as joblib_runtime
from training.bundle.document import BundleContents, make_artifact, make_document
from training.bundle.examples import Positions, make_examples, make_up_texts, take_rows
from training.bundle.writing import Verify, check_destination, write_bundle
from training.errors import TrainingError, quote_names
from training.estimators import default_forest, evaluation, input_forms, loading
from training.estimators.fitted_columns import FittedColumn, has_learned_float32
from training.estimators.parts import list_thresholds
from training.exports import exporting
from training.options import Options
from training.parity.gate import ProbeData
from training.summary import format_summary
from training.tables import targets
from training.tables.columns import Column, ColumnHint
from training.tables.features import check_option_columns, find_notices, make_features, make_hint
from training.tables.table import Table, choose_columns, load_table


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


def make_bundle(options: Options, verify: Verify) -> str:
    """Makes the bundle that the options ask for and returns its summary. Raises TrainingError."""
    check_destination(options.out)
    estimator = loading.load_estimator(options.model) if options.model else None
    table = load_table(options.data)
    chosen = choose_columns(table, options.target, options.features, options.drop, learns=estimator is None)
    fitted = (
        _train_default(options, table, chosen)
        if estimator is None
        else _inspect_existing(options, table, chosen, estimator)
    )
    for notice in find_notices(table, fitted.inputs.columns, fitted.inputs.features, fitted.inputs.known):
        print_progress(f"notice: {notice}.")
    return _package(options, table, fitted, verify)


def print_progress(line: str) -> None:
    """Tells how far it is, on stderr: stdout is the summary's."""
    print(line, file=sys.stderr, flush=True)


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


def _train_default(options: Options, table: Table, chosen: list[str]) -> FittedModel:
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


def _inspect_existing(options: Options, table: Table, chosen: list[str], estimator: Any) -> FittedModel:
    task = loading.get_task(estimator, options.task)
    known = loading.match_columns(estimator, chosen, options.target)
    left_out = [name for name in chosen if name not in known]
    if left_out:
        print_progress(f"notice: the estimator does not use {quote_names(left_out)}: left out.")
    names = loading.get_feature_names(estimator)
    named = names is not None
    found = _read_inputs(options, table, list(known), known, named=named)
    found = found._replace(ignored=[name for name in names or () if name not in known])
    if has_learned_float32(estimator):
        found = found._replace(features=[_narrow(feature) for feature in found.features])
    form = input_forms.build_training_input(found.columns, found.features, named=named)
    print_progress(f"predicting {table.rows:,} rows of {options.data.name}")
    predicted = loading.call_estimator("to predict the table", lambda: numpy.asarray(estimator.predict(form)))
    loading.check_single_target(estimator, predicted)
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
    metrics = loading.call_estimator(
        "to be scored", lambda: evaluation.evaluate_on_table(estimator, rows, target, task)
    )
    few = metrics or loading.call_estimator(
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


def _package(options: Options, table: Table, fitted: FittedModel, verify: Verify) -> str:
    estimator, (columns, features, _, named, ignored), task, metrics, cautions = fitted
    canonical = input_forms.build_canonical_frame(columns, features)
    private = {f.name: make_up_texts(canonical[f.name]) for f in features if f.type == TEXT}
    shown = canonical.assign(**private)
    own = (
        shown
        if options.model is None
        else input_forms.build_training_frame(columns, features).assign(**_restore_nulls(private, features))
    )

    def form(positions: Positions) -> Any:
        return take_rows(own, positions) if named else input_forms.build_array(take_rows(shown, positions), features)

    examples = make_examples(estimator, shown, features, task.name, form)
    served_as = input_forms.choose_input_form(estimator, columns, features, named=named)
    buffer = io.BytesIO()
    joblib.dump(estimator, buffer)
    pickled = make_artifact(buffer.getvalue(), served_as)
    classes = _list_classes(estimator) if task.name == CLASSIFICATION else None
    packaged = BundleContents(features, ignored, named, classes, metrics, cautions, examples, [pickled], {})
    manifest = Manifest.parse(json.dumps(make_document(options, table, packaged), allow_nan=False).encode())
    reference = joblib_runtime.load(wrap_bytes(buffer.getvalue()), manifest, pickled)
    subject = exporting.ServedEstimator(estimator, served_as, manifest, reference)
    golden = manifest.contract.check([example.record for example in manifest.examples]).columns
    material = ProbeData(features, golden, input_forms.list_columns(canonical, features), list_thresholds(estimator))
    exported = exporting.export_estimator(subject, material, print_progress)
    contents = {pickled: buffer.getvalue(), **exported.artifacts}
    document = make_document(options, table, packaged._replace(artifacts=list(contents), refused=exported.refused))
    print_progress("verifying the bundle in a fresh process")
    write_bundle(options.out, document, {artifact.file: data for artifact, data in contents.items()}, verify)
    return format_summary(document, task, features, options.out)


def _restore_nulls(
    private: "dict[str, pandas.Series[Any]]", features: list[Feature]
) -> "dict[str, pandas.Series[Any]]":
    """The made-up texts with the null that the estimator knows."""
    by_name = {feature.name: feature for feature in features}
    return {name: input_forms.restore_nulls(values, by_name[name]) for name, values in private.items()}


def _list_classes(estimator: Any) -> list[Any]:
    classes: list[Any] = estimator.classes_.tolist()
    if not all(isinstance(label, (str, int, float)) for label in classes):
        raise TrainingError("The estimator's classes are neither texts nor numbers nor booleans: train it on such.")
    return classes
