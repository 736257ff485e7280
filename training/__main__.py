"""`python -m training`: make a model bundle."""

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from function.errors import BundleError
from training.errors import TrainingError
from training.options import parse_options


def main(arguments: Sequence[str], verify: Callable[[Path], None] | None = None, trees: int | None = None) -> int:
    """Make the bundle, and return the exit code: 0, 2 if it is refused, 130 if interrupted.

    `verify(directory)` raises TrainingError for a bundle that does not load; by default it loads it in a new process.
    `trees` is the size of the default forest, if it is not to be `default_forest.TREES`.
    """
    try:
        options = parse_options(arguments)
        # Users cannot act on the warnings of libraries; those that matter become sentences of ours.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from training.bundle.writing import verify_in_new_process
            from training.estimators.default_forest import TREES
            from training.session import make_bundle

            summary = make_bundle(options, verify or verify_in_new_process, trees or TREES)
        _print_summary(summary)
    except TrainingError as error:
        return _print_refusal(str(error))
    except BundleError as error:
        return _print_refusal(f"The bundle of this estimator cannot be served: {error}")
    except MemoryError:
        return _print_refusal("There is not enough memory for this table: give fewer rows or columns.")
    except KeyboardInterrupt:
        print("training: interrupted, no bundle was made.", file=sys.stderr)
        return 130
    return 0


def _print_summary(summary: str) -> None:
    try:
        print(summary, flush=True)
    except BrokenPipeError:
        # The reader of the pipe has gone, but the bundle is in place. Without this, Python fails when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_refusal(sentence: str) -> int:
    print("training:", " ".join(sentence.split()), file=sys.stderr)
    return 2


if __name__ == "__main__":
    # Without /dev/shm, as in Lambda and many containers, joblib would try to make a semaphore and warn.
    os.environ.setdefault("JOBLIB_MULTIPROCESSING", "0")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))
