"""One bundle from beginning to end: read, train or take, check, package, say so."""

import io
import json
import sys
from typing import Any, NamedTuple

import joblib
import numpy

from function.contract import Feature
from function.manifest import CLASSIFICATION, REGRESSION, Manifest
from function.runtimes import joblib as joblib_runtime
from training import estimators, existing, exports, inputs, scores, targets
from training.document import Packaged, artifact_of, document_of
from training.errors import TrainingError, listed
from training.examples import Positions, examples_of, taken
from training.features import features_of, notices
from training.options import Options
from training.package import Verify, check_place, put
from training.parity import Material
from training.summary import summary
from training.table import Table, choose, read
from training.trees import thresholds_of


class _Fitted(NamedTuple):
    estimator: Any
    features: list[Feature]
    named: bool
    task: targets.Task
    metrics: scores.Metrics | None


def make_bundle(options: Options, verify: Verify) -> str:
    """Makes the bundle that the options ask for and returns its summary. Raises TrainingError."""
    check_place(options.out)
    estimator = existing.load(options.model) if options.model else None
    table = read(options.data)
    chosen = choose(table, options.target, options.features, options.drop)
    fitted = _trained(options, table, chosen) if estimator is None else _taken(options, table, chosen, estimator)
    for notice in notices(table, fitted.features):
        say(f"notice: {notice}.")
    return _package(options, table, fitted, verify)


def say(line: str) -> None:
    """Tells how far it is, on stderr: stdout is the summary's."""
    print(line, file=sys.stderr, flush=True)


def _trained(options: Options, table: Table, chosen: list[str]) -> _Fitted:
    task = targets.task_of(table, options.target, options.task)
    features = features_of(table, chosen)
    targets.check_leaks(table, chosen, options.target)
    wanted = table.columns[options.target]
    target = targets.learnable(wanted.values, wanted.kind, task.name)
    # The truth of the golden rows is what the estimator says of the frame that it was trained on: the canonical one.
    frame = table.frame(chosen)
    new = estimators.example() if options.example else estimators.default(task.name, features, table.rows)
    say(f"read {table.rows:,} rows with {len(chosen)} features from {options.data.name}")
    metrics = scores.cross_validated(new, frame, target, task.name, say)
    fitted = estimators.fit(new, frame, target, say)
    existing.check_modules(fitted)
    return _Fitted(fitted, features, True, task, metrics)


def _taken(options: Options, table: Table, chosen: list[str], estimator: Any) -> _Fitted:
    task = existing.task_of(estimator, options.task)
    names = existing.features_for(estimator, chosen, options.target)
    left_out = [name for name in chosen if name not in names]
    if left_out:
        say(f"notice: the estimator does not use {listed(left_out)}: left out.")
    features = features_of(table, names)
    named = existing.names_of(estimator) is not None
    form = inputs.as_trained(table, features, named=named)
    say(f"predicting {table.rows:,} rows of {options.data.name}")
    predicted = existing.asked("to predict the table", lambda: numpy.asarray(estimator.predict(form)))
    existing.check_single(estimator, predicted)
    target = _truth(options, table, task.name, estimator)
    metrics = existing.asked("to be scored", lambda: scores.on_table(estimator, form, target, task.name))
    return _Fitted(estimator, features, named, task, metrics)


def _truth(options: Options, table: Table, task: str, estimator: Any) -> targets.Labels:
    values, kind = targets.values_of(table, options.target), table.columns[options.target].kind
    if task == CLASSIFICATION:
        labels = targets.as_classes(values, options.target, estimator.classes_.tolist())
        return numpy.array(labels, dtype=object)
    targets.task_of(table, options.target, REGRESSION)
    return targets.learnable(values, kind, REGRESSION)


def _package(options: Options, table: Table, fitted: _Fitted, verify: Verify) -> str:
    estimator, features, named, task, metrics = fitted
    names = [feature.name for feature in features]
    canonical, own = table.frame(names), table.frame(names, own=options.model is not None)

    def form(positions: Positions) -> Any:
        return taken(own, positions) if named else inputs.as_array(taken(canonical, positions), features)

    examples = examples_of(estimator, canonical, features, task.name, form)
    served_as = inputs.served_as(estimator, table, features, named=named)
    buffer = io.BytesIO()
    joblib.dump(estimator, buffer)
    pickled = artifact_of(buffer.getvalue(), served_as)
    classes = _classes(estimator) if task.name == CLASSIFICATION else None
    packaged = Packaged(features, classes, metrics, examples, [pickled], {})
    manifest = Manifest.parse(json.dumps(document_of(options, table, packaged), allow_nan=False).encode())
    reference = joblib_runtime.load(buffer.getvalue(), manifest, pickled)
    subject = exports.Subject(estimator, served_as, manifest, reference)
    golden = manifest.contract.check([example.record for example in manifest.examples]).columns
    material = Material(features, golden, inputs.as_columns(canonical, features), thresholds_of(estimator))
    exported = exports.exports_of(subject, material, say)
    contents = {pickled: buffer.getvalue(), **exported.artifacts}
    document = document_of(options, table, packaged._replace(artifacts=list(contents), refused=exported.refused))
    say("verifying the bundle in a fresh process")
    put(options.out, document, {artifact.file: data for artifact, data in contents.items()}, verify)
    return summary(document, task, features, options.out)


def _classes(estimator: Any) -> list[Any]:
    classes: list[Any] = estimator.classes_.tolist()
    if not all(isinstance(label, (str, int, float)) for label in classes):
        raise TrainingError("The estimator's classes are neither texts nor numbers nor booleans: train it on such.")
    return classes
