"""One bundle from beginning to end: read, train or take, check, package, say so."""

import io
import json
from typing import Any

import joblib
import pandas

from function.model.contract import TEXT, Feature
from function.model.manifest import CLASSIFICATION, Manifest
from function.model.runtime import wrap_bytes
from function.runtimes import joblib as joblib_runtime
from training.bundle.document import BundleContents, make_artifact, make_document
from training.bundle.examples import Positions, make_examples, make_up_texts, take_rows
from training.bundle.writing import Verify, check_destination, write_bundle
from training.errors import TrainingError
from training.estimators import input_forms, loading
from training.estimators.extraction import list_thresholds
from training.exports import exporting
from training.fitting import FittedModel, inspect_existing, train_default
from training.options import Options
from training.parity.probes import ProbeData
from training.progress import print_progress
from training.summary import format_summary
from training.tables.features import find_notices
from training.tables.reading import load_table
from training.tables.table import Table, choose_columns


def make_bundle(options: Options, verify: Verify) -> str:
    """Makes the bundle that the options ask for and returns its summary. Raises TrainingError."""
    check_destination(options.out)
    estimator = loading.load_estimator(options.model) if options.model else None
    table = load_table(options.data)
    chosen = choose_columns(table, options.target, options.features, options.drop, learns=estimator is None)
    fitted = (
        train_default(options, table, chosen)
        if estimator is None
        else inspect_existing(options, table, chosen, estimator)
    )
    for notice in find_notices(table, fitted.inputs.columns, fitted.inputs.features, fitted.inputs.known):
        print_progress(f"notice: {notice}.")
    return _package(options, table, fitted, verify)


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
