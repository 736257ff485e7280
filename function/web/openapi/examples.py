"""Examples of the OpenAPI document: bodies that can be sent unchanged, and one problem of each kind."""

from function.errors import MISSING, DeployerError, InternalError, InvalidInput, format_pointer
from function.model.manifest import Manifest
from function.model.target import format_label
from function.web.openapi.csv_schema import format_header
from function.web.openapi.schema_parts import Schema
from function.web.problems import STATUS
from function.web.protocols.tensor_datatypes import DATATYPES


def make_examples(manifest: Manifest) -> Schema:
    """Return request bodies that can be sent unchanged: golden rows in each form, by its name."""
    names, records = manifest.contract.names, [example.record for example in manifest.examples[:3]]
    first, row = records[0], [records[0][name] for name in manifest.contract.names]
    tensors = [
        {"name": feature.name, "shape": [1], "datatype": DATATYPES[feature.type][0], "data": [first[feature.name]]}
        for feature in manifest.contract.features
    ]
    bodies: Schema = {
        "record": first,
        "dataframe_split": {"dataframe_split": {"columns": list(names), "data": [row]}},
        "dataframe_records": {"dataframe_records": records},
        "rows": {"instances": [row]},
        "inputs": {"inputs": {name: [first[name]] for name in names}},
        "tensors": {"id": "1", "inputs": tensors},
    }
    if len(records) > 1:
        bodies["instances"] = {"instances": records}
    types = {feature.type for feature in manifest.contract.features}
    if len(types) == 1 and len(names) > 1:
        datatype = DATATYPES[types.pop()][0]
        matrix = {"name": "matrix", "shape": [1, len(names)], "datatype": datatype, "data": row}
        bodies["matrix"] = {"inputs": [matrix]}
    return bodies


def select_examples(examples: Schema, *names: str) -> Schema:
    """Select examples by name and wrap them as OpenAPI requires; skip names that the model has no example for."""
    return {name: {"value": examples[name]} for name in names if name in examples}


def make_csv_example(manifest: Manifest) -> str:
    """Return the first golden row as a CSV with a header line."""
    from csv import writer
    from io import StringIO

    text = StringIO(newline="")
    cells = [manifest.examples[0].record[name] for name in manifest.contract.names]
    row = ["" if cell is None else format_label(cell) for cell in cells]  # type: ignore[arg-type]
    writer(text, lineterminator="\n").writerow(row)
    return f"{format_header(manifest)}\n{text.getvalue()}"


def make_problem_example(error: type[DeployerError], manifest: Manifest) -> Schema:
    """Return a problem document for this kind of error."""
    from http import HTTPStatus

    status = STATUS[error]
    example: Schema = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": error.code}
    if error is InternalError:
        return example | {"request_id": "5c1f9a1e-3a52-4f31-9b57-0d3f1a0a2b4c"}
    if error is InvalidInput:
        name = manifest.contract.names[0]
        problem = {"pointer": format_pointer(name), "code": MISSING, "detail": MISSING}
        return example | {"detail": f"{problem['pointer']}: missing", "errors": [problem]}
    return example | {"detail": " ".join((error.__doc__ or "").split())}
