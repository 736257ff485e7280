"""The command line, with the same model and checks as in Lambda."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from function.aws import Clients
from function.bundle import loading
from function.bundle.location import load_model
from function.errors import (
    REPEATED,
    DeployerError,
    InvalidInput,
    MalformedInput,
    Problem,
    RequestError,
    format_pointer,
    parse_pointer,
)
from function.formats import csv_table, strict_json
from function.model.cells import parse_cell
from function.model.contract import Feature, format_number
from function.model.prediction import Prediction, predict, predict_document
from function.model.runtime import Model
from function.model.target import SCORE, format_label, split_output
from function.service import Service
from function.settings import Settings

_EXAMPLES = """examples:
  python -m function                                          predict the bundle's example record
  python -m function predict AreaSqft=1500 NumBedrooms=3
  python -m function predict --json AreaSqft=1500 NumBedrooms=3
  python -m function predict --csv < rows.csv > predictions.csv
  python -m function invoke events/http-api-record.json
  python -m function serve --port 3000
  python -m function openapi > openapi.json
  python -m function verify

environment variables:
  MODEL_PATH       the bundle's directory (default: model/)
  MODEL_RUNTIME    the runtime: flat or joblib
  STRICT_INPUTS=1  reject values that training never saw, instead of printing a warning

exit codes: 0 success, 1 the bundle cannot be used, 2 the input or the command is wrong
"""


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command and return its exit code."""
    options = _make_parser(environ).parse_args(arguments)
    try:
        settings = Settings.read(environ)
        if options.command == "verify":
            _verify(settings, options.record)
            return 0
        clients = Clients()
        model = load_model(settings, clients)
        match options.command:
            case "invoke":
                _invoke(Service(model, settings, clients), options.event)
            case "openapi":
                _print_openapi(model, settings)
            case "serve":
                _serve(Service(model, settings, clients), options.host, options.port)
            case _:
                _predict(model, settings, options)
    except InvalidInput as error:
        for problem in error.problems:
            location = "/".join(parse_pointer(problem.pointer))
            print(f"{location or 'input'}: {problem.detail}", file=sys.stderr)
        return 2
    except DeployerError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, RequestError) else 1
    return 0


def _make_parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m function",
        description="Predict with the model bundle.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(values=[], csv=False, json=False)
    commands = parser.add_subparsers(dest="command", metavar="command")
    predict_parser = commands.add_parser("predict", help="predict a record or a CSV")
    predict_parser.add_argument(
        "values", nargs="*", metavar="NAME=VALUE", help="a feature's value (default: the bundle's example)"
    )
    predict_parser.add_argument(
        "--json", action="store_true", help="print the prediction as JSON, as the API returns it"
    )
    predict_parser.add_argument(
        "--csv", action="store_true", help="read a CSV from stdin and write it to stdout with predictions"
    )
    serve_parser = commands.add_parser("serve", help="serve the Lambda handler over HTTP")
    # argparse converts and checks a default of type str like an argument.
    host, port = environ.get("HOST", "127.0.0.1"), environ.get("PORT", "8080")
    serve_parser.add_argument(
        "--host", default=host, help="address to listen on (now %(default)s; set HOST to change the default)"
    )
    serve_parser.add_argument(
        "--port", default=port, type=int, help="port to listen on (now %(default)s; set PORT to change the default)"
    )
    invoke_parser = commands.add_parser("invoke", help="call the Lambda handler with an event and print its response")
    invoke_parser.add_argument("event", metavar="FILE", help="a JSON file, such as those in events/, or - for stdin")
    commands.add_parser("openapi", help="print the OpenAPI document of the model's API")
    verify_parser = commands.add_parser("verify", help="run every check on the bundle, as the image build does")
    verify_parser.add_argument(
        "--record", metavar="FILE", help="write the verified digests to this file (for image builds)"
    )
    return parser


def _predict(model: Model, settings: Settings, options: argparse.Namespace) -> None:
    if options.csv and (options.values or options.json):
        raise MalformedInput("--csv cannot be combined with NAME=VALUE or --json: give --csv alone.")
    if options.csv:
        sys.stdout.write(csv_table.predict_csv_document(model, sys.stdin.buffer.read(), strict=settings.strict_inputs))
        return
    contract = model.manifest.contract
    record = _read_record(contract.features, options.values) if options.values else model.manifest.examples[0].record
    if options.json:
        print(strict_json.dumps(predict_document(model, record, strict=settings.strict_inputs)))
        return
    (prediction,) = predict(model, [record], lambda _, inside: inside, strict=settings.strict_inputs)
    print(" ".join(f"{name}={_format_cell(record[name])}" for name in contract.names))
    _print_prediction(model, prediction, sys.stdout)


def _read_record(features: Sequence[Feature], values: Sequence[str]) -> dict[str, object]:
    """Parse NAME=VALUE arguments to a record. Raises MalformedInput and InvalidInput."""
    by_name = {feature.name: feature for feature in features}
    record: dict[str, object] = {}
    for value in values:
        # Use the longest matching name, because names may contain an equals sign.
        name = max((name for name in by_name if value.startswith(name + "=")), key=len, default=None)
        if name is None:
            expected = " ".join(f"{known}=…" for known in by_name)
            raise MalformedInput(f"{value.partition('=')[0]}: no feature of the model: expected {expected}")
        if name in record:
            raise InvalidInput([Problem(format_pointer(name), REPEATED, "given more than once")])
        record[name] = parse_cell(by_name[name], value[len(name) + 1 :])
    return record


def _format_cell(value: object) -> str:
    return "" if value is None else format_number(value) if isinstance(value, float) else str(value)


def _print_prediction(model: Model, prediction: Prediction, out: TextIO) -> None:
    for target, (value, *scores) in split_output(model.manifest.targets, prediction.output):
        unit = f" {target.unit}" if target.unit else ""
        print(f"{target.name}: {format_label(value)}{unit}", file=out)
        for key, number in zip(target.keys or [SCORE], scores, strict=False):
            print(f"  {key}: {number:.4f}", file=out)
    for warning in prediction.warnings:
        print(f"warning: {warning.feature}: {warning.detail}", file=sys.stderr)


def _verify(settings: Settings, record: str | None) -> None:
    manifest, runtimes = loading.verify(settings.model_path, record)
    print(
        f"{manifest.name} {manifest.version}: all digests, library versions and golden rows are correct "
        f"({', '.join(runtimes)}; {len(manifest.examples)} rows)"
    )


def _print_openapi(model: Model, settings: Settings) -> None:
    from function.web.openapi.document import make_document

    print(json.dumps(make_document(model.manifest, strict=settings.strict_inputs), indent=2, ensure_ascii=False))


def _invoke(service: Service, file: str) -> None:
    from function.dispatch import create_handler
    from function.local.stderr_log import log_to_stderr

    log_to_stderr()
    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError:
        raise MalformedInput(
            f"The file {file} cannot be read: give the path of a JSON file, such as those in events/."
        ) from None
    print(json.dumps(create_handler(service)(strict_json.loads(text), None)))


def _serve(service: Service, host: str, port: int) -> None:
    from function.local.server import serve

    serve(service, host, port)
