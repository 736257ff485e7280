"""The command line of `python -m training`."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from shlex import join
from typing import NamedTuple, NoReturn

from function.model.contract import BOOLEAN, NUMBER, STRING, TEXT
from function.model.target import CLASSIFICATION, REGRESSION, TASKS
from training.errors import TrainingError

# The name of the only input of an estimator that was trained on a list of texts, without --text-name.
TEXT_NAME = "text"
EXAMPLE_DATA = Path(__file__).parent / "data" / "houses.csv"
EXAMPLE_TARGET = "Price"
EXAMPLE_NAME = "house-prices"
EXAMPLE_UNIT = "USD"
# The target's name for an existing estimator, without --target.
DEFAULT_TARGET = "prediction"
LIST, NO_LIST = "list", "none"

_DESCRIPTION = """\
Make a model bundle: the directory that the function serves.

examples:
  python -m training
      make the example: five houses and a forest of ten trees, in model/
  python -m training --data homes.csv --target price --drop id --unit EUR
      train a forest on your table, and cross-validate it
  python -m training --model mine.joblib --data sample.csv --target price
      package your own estimator; the table is a sample of its inputs"""

_EPILOG = "Loading a .joblib or pickle file runs code in that file: package only files that you trust."
_PATH_OPTIONS = ("--data", "--model", "--out")


class Options(NamedTuple):
    """The options, checked as far as possible without reading a file.

    There is one target if an estimator is trained; of an existing estimator there may be several.
    """

    data: Path
    targets: tuple[str, ...]
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
    text_name: str | None
    keep_na: bool
    keep_joblib: bool
    example: bool
    command: str


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise TrainingError(f"{message}: see python -m training --help.")


def parse_options(arguments: Sequence[str]) -> Options:
    """Parse the command line. Raises TrainingError, and SystemExit after --help."""
    given = _build_parser().parse_args(arguments)
    if given.data is None:
        need_data = ("model", "target", "task", "feature", "drop", "type", "nullable", "categories", "keep_na")
        option = next((name for name in (*need_data, "text_name") if getattr(given, name)), None)
        if option:
            raise TrainingError(f"--{option.replace('_', '-')} needs --data FILE, the table with the columns.")
    elif given.model is None and len(given.target) != 1:
        raise TrainingError("--data needs --target COLUMN, the column to predict; several need --model FILE.")
    if given.model is None and given.task not in (None, REGRESSION, CLASSIFICATION):
        raise TrainingError(f"--task {given.task} needs --model FILE: what is trained here predicts a column.")
    return Options(
        data=given.data or EXAMPLE_DATA,
        targets=tuple(given.target) or (EXAMPLE_TARGET if given.data is None else DEFAULT_TARGET,),
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
        text_name=given.text_name,
        keep_na=given.keep_na,
        keep_joblib=given.keep_joblib,
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
    option(
        "--target",
        action="append",
        default=[],
        metavar="COLUMN",
        help="the column to predict; repeated, in the order of training, for an estimator of several targets",
    )
    option(
        "--model",
        type=Path,
        metavar="FILE",
        help="a fitted estimator of scikit-learn, XGBoost, LightGBM or CatBoost, dumped with joblib or pickle; or what "
        "the last three save themselves: .json, .ubj, .txt, .cbm",
    )
    option("--out", type=Path, default=Path("model"), metavar="DIR", help="the bundle's directory (default: model)")
    option("--name", help="the model's name (default: the name of the model's or table's file)")
    option("--unit", help="the unit of the prediction, such as USD")
    option("--task", choices=TASKS, help="default: inferred from the estimator or the target")
    option(
        "--feature",
        action="append",
        default=[],
        metavar="COLUMN",
        help="an input of the model; may be repeated (default: all columns except the target)",
    )
    option(
        "--drop",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column that is not an input, such as an id; may be repeated",
    )
    option(
        "--type",
        action="append",
        default=[],
        metavar="COLUMN=TYPE",
        help="read a column as string, number, boolean, or text (free text); may be repeated (default: inferred from "
        "the estimator, then from the table)",
    )
    option(
        "--nullable",
        action="append",
        default=[],
        metavar="COLUMN",
        help="allow nulls in a column that has none in the table; may be repeated",
    )
    option(
        "--text-name",
        metavar="NAME",
        help="the name of the input of an estimator that was trained on a list of texts (default: text)",
    )
    option(
        "--keep-na",
        action="store_true",
        help="read NA, null, None and the like as texts; without it they are nulls, as in pandas.read_csv",
    )
    option(
        "--keep-joblib",
        action="store_true",
        help="keep the estimator itself in the bundle; without it a bundle that is answered flat has its program alone",
    )
    option(
        "--categories",
        action="append",
        default=[],
        metavar="COLUMN=list|none",
        help="publish the texts of a column (list) or do not (none); may be repeated (default: publish them if they "
        "are few)",
    )
    return parser


def _parse_column_values(option: str, given: Sequence[str], allowed: Sequence[str]) -> dict[str, str]:
    """Parse COLUMN=VALUE into a value for each column. Raises TrainingError."""
    values: dict[str, str] = {}
    for text in given:
        name, equals, value = text.rpartition("=")
        if not equals or value not in allowed:
            raise TrainingError(f"{option} {text!r} is not understood: write COLUMN={'|'.join(allowed)}.")
        values[name] = value
    return values


def _choose_name(given: str | None, file: Path | None) -> str:
    if given is not None and not given.strip():
        raise TrainingError("--name is empty: give the model a name, or remove the option.")
    if given is not None or file is None:
        return given or EXAMPLE_NAME
    return file.name.split(".")[0] or file.name


def _format_command(arguments: Sequence[str]) -> str:
    """Format the command as it was typed, without the folders of paths, which may name a person or a machine."""
    words: list[str] = []
    for before, argument in zip(["", *arguments], arguments, strict=False):
        option, equals, value = argument.partition("=")
        if before in _PATH_OPTIONS:
            words.append(Path(argument).name)
        elif equals and option in _PATH_OPTIONS:
            words.append(f"{option}={Path(value).name}")
        else:
            words.append(argument)
    return join(["python", "-m", "training", *words])
