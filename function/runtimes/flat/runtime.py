"""Run the flat artifact: its program, in plain Python for a record and with numpy for a table.

A record takes microseconds, and loading takes no time however large the model is, because the file is mapped.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from function.errors import ARTIFACT_UNREADABLE, BundleError
from function.model.contract import Columns
from function.model.manifest import PACKAGE_AGAIN, Artifact, Manifest
from function.model.runtime import ArrayOutputs, Content, Outputs, list_outputs
from function.model.target import Targets, list_class_places
from function.runtimes.flat.file import parse
from function.runtimes.flat.kinds import TEXT, list_kinds
from function.runtimes.flat.program import Program

if TYPE_CHECKING:
    from mmap import mmap

    from function.model.runtime import Array

# From about this many values that a program looks at, numpy is faster, its import (60 ms) included.
MANY_VALUES = 320_000
# Up to this number of entries (nodes of trees, numbers of matrices), all are checked at each load, in less than 0.5 ms.
# Those of a larger model are checked before the first table is predicted, and when the bundle is verified.
FEW_ENTRIES = 2_000

# What a program that is none of ours, or whose nodes were not checked, may raise.
_DAMAGE = (ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError, RecursionError)


def list_versions(_: Iterable[str]) -> dict[str, str]:
    """Return an empty dict: the artifact depends on no library, and on no release of Python."""
    return {}


def load(
    content: Content,
    manifest: Manifest,
    artifact: Artifact,
    *,
    few_entries: int = FEW_ENTRIES,
    many_values: int = MANY_VALUES,
) -> "FlatRuntime":
    """Load the artifact; the runtime reads from its bytes, or from the mapped file, as it predicts.

    The build that verified a file has checked all of it. Raises BundleError `artifact_unreadable`.
    """
    data = content.read() if content.path is None else map_file(content.path)
    try:
        view = memoryview(data)
        program = Program(*parse(view), len(view), list_kinds(manifest.contract.features))
        if program.shapes != [(len(target.classes or ()), target.width - 1) for target in manifest.targets]:
            raise ValueError("another number of targets, classes or scores")
    except _DAMAGE:
        raise _create_unreadable_error(artifact) from None
    runtime = FlatRuntime(
        program, manifest.targets, artifact, is_checked=content.path is not None, many_values=many_values
    )
    if program.entries <= few_entries:
        runtime.check()
    return runtime


def map_file(path: str) -> "mmap":
    """Map a file into memory: only the pages that are looked at are read."""
    from mmap import ACCESS_READ, mmap

    with open(path, "rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_READ)


def _create_unreadable_error(artifact: Artifact) -> BundleError:
    return BundleError(ARTIFACT_UNREADABLE, f"The bundle's file {artifact.file} is no flat artifact: {PACKAGE_AGAIN}.")


class FlatRuntime:
    """A flat artifact, ready to answer."""

    def __init__(
        self,
        program: Program,
        targets: Targets,
        artifact: Artifact,
        *,
        is_checked: bool,
        many_values: int = MANY_VALUES,
    ) -> None:
        self._program = program
        self._targets = targets
        self._classes = list_class_places(targets)
        self._artifact = artifact
        self._is_checked = is_checked
        self._many_values = many_values

    @property
    def work(self) -> int:
        """About how many values the program looks at for one record."""
        return self._program.work

    def check(self) -> None:
        """Check each entry, once. Raises BundleError `artifact_unreadable`."""
        if not self._is_checked:
            try:
                self._program.check()
            except _DAMAGE:
                raise _create_unreadable_error(self._artifact) from None
            self._is_checked = True

    def predict(self, columns: Columns) -> Outputs:
        """Return one output per record. Raises NotPredictable; BundleError where a walk leaves the arrays."""
        if not columns[0]:
            return []
        if len(columns[0]) * self._program.work > self._many_values:
            return list_outputs(self._targets, self.predict_arrays(_make_arrays(columns, self._program.kinds)))
        run = self._program.run_row
        try:
            return self._name_classes([run(list(row)) for row in zip(*columns, strict=True)])
        except _DAMAGE:
            # Possible only in a program that nobody checked to the end.
            raise _create_unreadable_error(self._artifact) from None

    def predict_arrays(self, columns: "Sequence[Array]") -> ArrayOutputs:
        """Return one output per row. Raises NotPredictable; BundleError where the program is none of ours."""
        import numpy

        self.check()
        try:
            outputs = self._program.run_table(list(columns))
        except _DAMAGE:
            raise _create_unreadable_error(self._artifact) from None
        for at, classes in self._classes:
            # NaN, which is neither, is another whole number on each processor.
            if not ((outputs[at] > -1) & (outputs[at] < len(classes))).all():
                raise _create_unreadable_error(self._artifact)
            outputs[at] = outputs[at].astype(numpy.intp)
        return outputs

    def _name_classes(self, outputs: list[list[Any]]) -> Outputs:
        """Replace the places of classes by their labels. Raises IndexError, ValueError."""
        for at, classes in self._classes:
            for output in outputs:
                place = int(output[at])
                if place < 0:  # which would count from the end
                    raise IndexError("no such class")
                output[at] = classes[place]
        return list(outputs)


def _make_arrays(columns: Columns, kinds: str) -> "list[Array]":
    """Make arrays of columns of records of these kinds: objects of texts, else float64 with NaN for null."""
    import numpy

    def make(column: "Sequence[Any]", kind: str) -> "Array":
        if kind == TEXT:
            array = numpy.empty(len(column), dtype=object)
            array[:] = column
            return array
        return numpy.array([numpy.nan if value is None else value for value in column], dtype=float)

    return [make(column, kind) for column, kind in zip(columns, kinds, strict=True)]
