"""Make a bundle from beginning to end: read the table, train or load the estimator, export, verify, write."""

import io
import json
from typing import Any

import joblib
import pandas

from function.model.contract import TEXT, Feature
from function.model.manifest import FLAT, Manifest
from function.model.runtime import wrap_bytes
from function.runtimes import joblib as joblib_runtime
from function.runtimes.joblib import JoblibRuntime
from training.bundle.document import BundleContents, make_artifact, make_document
from training.bundle.examples import Example, Positions, make_examples, make_up_texts, take_rows
from training.bundle.writing import Verify, check_destination, write_bundle
from training.errors import TrainingError
from training.estimators import input_forms, loading
from training.estimators.adapting import LIBRARY_NAMES, find_library
from training.estimators.column_walk import takes_texts
from training.exporting import NotExported, ServedEstimator, export_flat
from training.fitting import FittedModel, match_existing, train_default
from training.options import TEXT_NAME, Options
from training.parity.probes import ProbeData
from training.progress import print_progress
from training.summary import format_summary
from training.tables.features import find_notices
from training.tables.reading import load_table
from training.tables.table import Table, choose_columns, choose_text_column


def make_bundle(options: Options, verify: Verify, trees: int) -> str:
    """Make the bundle that the options describe, and return its summary. Raises TrainingError."""
    check_destination(options.out)
    estimator = loading.load_estimator(options.model) if options.model else None
    table = load_table(options.data)
    chosen = choose_columns(table, options.targets, options.features, options.drop, learns=estimator is None)
    if estimator is not None and takes_texts(estimator):
        chosen = choose_text_column(table, chosen, options.text_name or TEXT_NAME)
    elif options.text_name:
        raise TrainingError(
            "--text-name names the input of an estimator that was trained on a list of texts; this one was trained on "
            "a table, whose columns have their names: leave the option out."
        )
    if estimator is None:
        model = train_default(options, table, chosen, trees)
    else:
        model = match_existing(options, table, chosen, estimator)
    inputs = model.inputs
    for notice in find_notices(table, inputs.columns, inputs.features, inputs.fitted_columns):
        print_progress(f"notice: {notice}.")
    return _package(options, table, model, verify)


def _package(options: Options, table: Table, model: FittedModel, verify: Verify) -> str:
    estimator, inputs, task, targets, metrics, cautions = model
    canonical = input_forms.build_canonical_frame(inputs.columns, inputs.features)
    input_form = input_forms.choose_input_form(estimator, inputs.columns, inputs.features, inputs.form)
    buffer = io.BytesIO()
    joblib.dump(estimator, buffer)
    pickled = make_artifact(buffer.getvalue(), input_form)
    contents = BundleContents(
        features=inputs.features,
        ignored=inputs.ignored,
        is_named=inputs.form != input_forms.ARRAY,
        task=task.name,
        targets=targets,
        metrics=metrics,
        cautions=cautions,
        examples=_make_examples(options, model, canonical, input_form),
        artifacts=[pickled],
        refused_exports={},
    )
    manifest = Manifest.parse(json.dumps(make_document(options, table, contents), allow_nan=False).encode())
    reference = joblib_runtime.load(wrap_bytes(buffer.getvalue()), manifest, pickled)
    golden = manifest.contract.check([example.record for example in manifest.examples]).columns
    data = input_forms.list_columns(canonical, inputs.features)
    probe_data = ProbeData(inputs.features, golden, data)
    library = find_library(buffer.getvalue())
    files, refused_exports = {pickled: buffer.getvalue()}, {}
    print_progress(f"exporting for the {FLAT} runtime")
    try:
        compiled = export_flat(ServedEstimator(estimator, manifest, reference), probe_data)
        # What is answered flat needs no estimator, and nothing is unpickled where it is served.
        files = files | compiled if options.keep_joblib and not library else compiled
    except NotExported as reason:
        if library:
            raise TrainingError(
                f"The estimator needs {LIBRARY_NAMES[library]}, which the image does not have, so it must become a "
                f"flat program, and it does not. {reason}"
            ) from None
        refused_exports = {FLAT: str(reason)}
    contents = contents._replace(artifacts=list(files), refused_exports=refused_exports)
    document = make_document(options, table, contents)
    print_progress("verifying the bundle in a new process")
    write_bundle(options.out, document, {artifact.file: data for artifact, data in files.items()}, verify)
    return format_summary(document, task, inputs.features, options.out)


def _make_examples(options: Options, model: FittedModel, canonical: pandas.DataFrame, input_form: str) -> list[Example]:
    """Make the golden rows, with made-up texts in place of free text."""
    columns, features, _, form, _ = model.inputs
    private = {f.name: make_up_texts(canonical[f.name]) for f in features if f.type == TEXT}
    public = canonical.assign(**private)
    training_frame = public
    if options.model is not None:
        training_frame = input_forms.build_training_frame(columns, features).assign(**_restore_nulls(private, features))

    def build_input(positions: Positions) -> Any:
        if form == input_forms.FRAME:
            return take_rows(training_frame, positions)
        return input_forms.build_array(take_rows(public, positions), features, form)

    estimator = JoblibRuntime(model.estimator, features, model.task.name, model.targets, input_form)
    return make_examples(estimator, public, features, model.targets, build_input)


def _restore_nulls(
    columns: "dict[str, pandas.Series[Any]]", features: list[Feature]
) -> "dict[str, pandas.Series[Any]]":
    by_name = {feature.name: feature for feature in features}
    return {name: input_forms.restore_nulls(values, by_name[name]) for name, values in columns.items()}
