"""`python -m training`: makes a model bundle."""

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from function.errors import BundleError
from training.errors import TrainingError
from training.options import parse_options


def main(arguments: Sequence[str], verify: Callable[[Path], None] | None = None) -> int:
    """Makes the bundle that the arguments ask for and returns the exit code: 0, 2 refused, 130 interrupted.

    `verify(directory)` raises TrainingError against a bundle that does not load; by default in a fresh process.
    """
    try:
        options = parse_options(arguments)
        # What libraries warn of is theirs to fix, or becomes a sentence where it matters.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from training.bundle.writing import verify_in_fresh_process
            from training.session import make_bundle

            summary = make_bundle(options, verify or verify_in_fresh_process)
        _print_summary(summary)
    except TrainingError as error:
        return _print_refusal(str(error))
    except BundleError as error:
        return _print_refusal(f"This estimator makes no bundle that can be served: {error}")
    except MemoryError:
        return _print_refusal("There is not memory enough for this table: give fewer rows or columns.")
    except KeyboardInterrupt:
        print("training: interrupted, and no bundle was made.", file=sys.stderr)
        return 130
    return 0


def _print_summary(summary: str) -> None:
    try:
        print(summary, flush=True)
    except BrokenPipeError:
        # Whoever read it has gone, the bundle is in place; Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_refusal(sentence: str) -> int:
    print("training:", " ".join(sentence.split()), file=sys.stderr)
    return 2


if __name__ == "__main__":
    # Lambda has no /dev/shm, nor have many containers: joblib must not try a semaphore there and warn.
    os.environ.setdefault("JOBLIB_MULTIPROCESSING", "0")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))
