"""The command line of `python -m training`."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from shlex import join
from typing import NamedTuple, NoReturn

from function.model.contract import BOOLEAN, NUMBER, STRING, TEXT
from function.model.manifest import CLASSIFICATION, REGRESSION
from training.errors import TrainingError

EXAMPLE_DATA = Path(__file__).parent / "data" / "houses.csv"
EXAMPLE_TARGET = "Price"
EXAMPLE_NAME = "house-prices"
EXAMPLE_UNIT = "USD"
# What --target names where an estimator that exists comes without it.
DEFAULT_TARGET = "prediction"
LIST, NO_LIST = "list", "none"

_DESCRIPTION = """\
Makes a model bundle: the directory that the function serves.

examples:
  python -m training
      the example: the article's five houses and its forest of ten trees, in model/
  python -m training --data homes.csv --target price --drop id --unit EUR
      a forest for one's own table, with cross-validated scores
  python -m training --model mine.joblib --data sample.csv --target price
      an estimator that exists already; the table shows what its inputs look like"""

_EPILOG = "Loading a .joblib or pickle file runs code that it holds: package only files that you trust."
_PATH_OPTIONS = ("--data", "--model", "--out")


class Options(NamedTuple):
    """What was asked for, checked for what can be checked without reading a file."""

    data: Path
    target: str
    model: Path | None
    out: Path
    name: str
    unit: str | None
    task: str | None
    features: tuple[str, ...]
    drop: tuple[str, ...]
    types: dict[str, str]
    nullable: tuple[str, ...]
    categories: dict[str, str]
    keep_na: bool
    example: bool
    command: str


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise TrainingError(f"{message}; python -m training --help shows what there is.")


def parse_options(arguments: Sequence[str]) -> Options:
    """The options in `arguments`. Raises TrainingError, and SystemExit after --help."""
    given = _build_parser().parse_args(arguments)
    if given.data is None:
        needing = ("model", "target", "task", "feature", "drop", "type", "nullable", "categories", "keep_na")
        alone = next((f"--{option}" for option in needing if getattr(given, option)), None)
        if alone:
            alone = alone.replace("_", "-")
            raise TrainingError(f"{alone} needs --data FILE, the table with the columns.")
    elif given.target is None and given.model is None:
        raise TrainingError("--data needs --target COLUMN, the column to predict.")
    return Options(
        data=given.data or EXAMPLE_DATA,
        target=given.target or (EXAMPLE_TARGET if given.data is None else DEFAULT_TARGET),
        model=given.model,
        out=given.out,
        name=_choose_name(given.name, given.model or given.data),
        unit=given.unit or (EXAMPLE_UNIT if given.data is None else None),
        task=given.task,
        features=tuple(dict.fromkeys(given.feature)),
        drop=tuple(given.drop),
        types=_parse_column_values("--type", given.type, (STRING, NUMBER, BOOLEAN, TEXT)),
        nullable=tuple(given.nullable),
        categories=_parse_column_values("--categories", given.categories, (LIST, NO_LIST)),
        keep_na=given.keep_na,
        example=given.data is None,
        command=_format_command(arguments),
    )


def _build_parser() -> ArgumentParser:
    parser = _Parser(
        prog="python -m training",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    option = parser.add_argument
    option("--data", type=Path, metavar="FILE", help="the table: .csv (UTF-8), .csv.gz, .parquet or .pq")
    option("--target", metavar="COLUMN", help="the column to predict")
    option("--model", type=Path, metavar="FILE", help="a fitted scikit-learn estimator that joblib or pickle wrote")
    option("--out", type=Path, default=Path("model"), metavar="DIR", help="the bundle to make (default: model)")
    option("--name", help="the model's name (default: the file's name)")
    option("--unit", help="what the prediction is counted in, such as USD")
    option("--task", choices=(REGRESSION, CLASSIFICATION), help="(default: told by the target)")
    option("--feature", action="append", default=[], metavar="COLUMN", help="an input; repeat it (default: all others)")
    option("--drop", action="append", default=[], metavar="COLUMN", help="no input, such as an id; repeat it")
    option(
        "--type",
        action="append",
        default=[],
        metavar="COLUMN=TYPE",
        help="string, number, boolean, or text for free text (default: told by the estimator, then by the table)",
    )
    option("--nullable", action="append", default=[], metavar="COLUMN", help="training had nulls there; repeat it")
    option(
        "--keep-na",
        action="store_true",
        help="take NA, null, None and the like for texts; without it they are nulls, as to pandas.read_csv",
    )
    option(
        "--categories",
        action="append",
        default=[],
        metavar="COLUMN=list|none",
        help="publish a column's texts, or none of them (default: those that are few)",
    )
    return parser


def _parse_column_values(option: str, given: Sequence[str], allowed: Sequence[str]) -> dict[str, str]:
    """What an option says of each column, from COLUMN=VALUE. Raises TrainingError."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.rpartition("=")
        if not equals or value not in allowed:
            raise TrainingError(f"{option} {text!r}: say COLUMN={'|'.join(allowed)}.")
        found[name] = value
    return found


def _choose_name(given: str | None, file: Path | None) -> str:
    if given is not None and not given.strip():
        raise TrainingError("--name is empty: give the model a name, or leave the option out.")
    if given is not None or file is None:
        return given or EXAMPLE_NAME
    return file.name.split(".")[0] or file.name


def _format_command(arguments: Sequence[str]) -> str:
    """The command as typed, but with paths cut to their file names: folders may say whose machine it was."""
    shown: list[str] = []
    for before, argument in zip(["", *arguments], arguments, strict=False):
        option, equals, value = argument.partition("=")
        if before in _PATH_OPTIONS:
            shown.append(Path(argument).name)
        elif equals and option in _PATH_OPTIONS:
            shown.append(f"{option}={Path(value).name}")
        else:
            shown.append(argument)
    return join(["python", "-m", "training", *shown])
