"""The options of `python -m benchmarks`."""

import argparse

PARTS = ("cold", "in_process", "files", "images")


def parse_options(arguments: list[str]) -> argparse.Namespace:
    """Return the options: `only` lists the parts to run, `quick` and `keep` are switches.

    Exits with argparse's own error if one of them is wrong.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure everything against its peers.")
    parser.add_argument("--quick", action="store_true", help="few rounds, to see that it works")
    parser.add_argument("--only", type=_split_parts, default=list(PARTS), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--keep", action="store_true", help="keep the other parts of results.json")
    return parser.parse_args(arguments)


def _split_parts(text: str) -> list[str]:
    parts = text.split(",")
    for part in parts:
        if part not in PARTS:
            raise argparse.ArgumentTypeError(f"invalid choice: {part!r} (choose from {', '.join(PARTS)})")
    return parts
