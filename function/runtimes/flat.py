"""Run the flat artifact: walk trees, or add up linear terms, in plain Python over mapped memory, without a library.

A row takes microseconds, and loading takes no time however large the forest is. For many rows `flat_arrays` uses numpy.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from function.errors import ARTIFACT_UNREADABLE, BundleError
from function.model.contract import Columns
from function.model.manifest import PACKAGE_AGAIN, Artifact, Label, Manifest
from function.model.runtime import Content, Outputs
from function.runtimes.flat_format import Flat, check_nodes, parse
from function.runtimes.flat_rows import (
    LINK_FUNCTIONS,
    create_linear_sum,
    create_preparation,
    create_tree_sum,
    decide_class,
)

if TYPE_CHECKING:
    from mmap import mmap

    from function.model.runtime import Array, ArrayOutputs

# From this number of visited trees (or rows of a linear model) on, numpy is faster, its import (60 ms) included.
MANY_VISITS = 40_000
# Up to this number of nodes, all are checked at each load, which takes less than 0.5 ms. The nodes of a larger model
# are checked before the first table is predicted, and when the bundle is verified.
FEW_NODES = 2_000


def list_versions(_: Iterable[str]) -> dict[str, str]:
    """Return an empty dict: the artifact depends on no library, and on no release of Python."""
    return {}


def load(
    content: Content,
    manifest: Manifest,
    artifact: Artifact,
    *,
    few_nodes: int = FEW_NODES,
    many_visits: int = MANY_VISITS,
) -> "FlatRuntime":
    """Load the artifact; the runtime reads from its bytes, or from the mapped file, as it predicts.

    The build that verified a file has checked its nodes as well. Raises BundleError `artifact_unreadable`.
    """
    data = content.read() if content.path is None else map_file(content.path)
    try:
        flat = parse(memoryview(data))
        if flat.features != len(manifest.contract.features) or flat.classes != len(manifest.classes or ()):
            raise ValueError("another number of features or classes")
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError):
        raise _create_unreadable_error(artifact) from None
    runtime = FlatRuntime(
        flat, manifest.classes, artifact, nodes_checked=content.path is not None, many_visits=many_visits
    )
    if len(flat.arrays.get("skips", ())) <= few_nodes:
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
        flat: Flat,
        classes: Sequence[Label] | None,
        artifact: Artifact,
        *,
        nodes_checked: bool,
        many_visits: int = MANY_VISITS,
    ) -> None:
        self._flat = flat
        self._classes = classes
        self._artifact = artifact
        self._nodes_checked = nodes_checked
        self._many_visits = many_visits
        # Bound once: looking these up would take a fifth of a prediction of microseconds.
        self._prepare = create_preparation(flat)
        self._add_up = create_linear_sum(flat) if flat.kind == "linear" else create_tree_sum(flat)
        self._link = LINK_FUNCTIONS[flat.link]
        self._visits = 1 if flat.kind == "linear" else len(flat.arrays["roots"])

    def check(self) -> None:
        """Check each node, once. Raises BundleError `artifact_unreadable`."""
        if not self._nodes_checked:
            try:
                check_nodes(self._flat)
            except ValueError:
                raise _create_unreadable_error(self._artifact) from None
            self._nodes_checked = True

    def predict(self, columns: Columns) -> Outputs:
        """Return one output per record. Raises NotPredictable; BundleError where a walk leaves the arrays."""
        if not columns[0]:
            return Outputs([], None)
        if len(columns[0]) * self._visits > self._many_visits:
            return self._predict_by_arrays(columns)
        rows = [self._prepare(row) for row in zip(*columns, strict=True)]
        try:
            return self._build_outputs([self._add_up(row) for row in rows])
        except (IndexError, ValueError, OverflowError):
            # Possible only while the nodes are not checked.
            raise _create_unreadable_error(self._artifact) from None

    def predict_arrays(self, columns: "Sequence[Array]") -> "ArrayOutputs":
        """Return one output per row. Raises NotPredictable; BundleError where the nodes are no trees."""
        self.check()
        from function.runtimes.flat_arrays import compute_outputs

        return compute_outputs(self._flat, self._link, columns)

    def _predict_by_arrays(self, columns: Columns) -> Outputs:
        self.check()
        from function.runtimes.flat_arrays import compute_raw

        return self._build_outputs(compute_raw(self._flat, columns).tolist())

    def _build_outputs(self, raws: list[list[float]]) -> Outputs:
        """Build the outputs of rows from their sums; `raws` has the shape (n, outputs)."""
        flat, classes = self._flat, self._classes
        if classes is None:
            return Outputs([self._link(raw)[0] for raw in raws], None)
        values = [classes[decide_class(flat, raw)] for raw in raws]
        return Outputs(values, None if flat.link == "label" else [self._link(raw) for raw in raws])
