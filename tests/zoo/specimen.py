"""A model of the zoo: its name, its family, and how to train it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.zoo.tables import ZooTable


class Specimen(NamedTuple):
    """A model that is trained in seconds.

    - `name`: unique in the zoo
    - `family`: the row of the documents' table that it is counted in
    - `table`: what it is trained on (tests.zoo.tables)
    - `target`: the column that it predicts; several for an estimator of several targets, none for one without
    - `make()`: makes the estimator, not fitted
    - `features`: the columns that it takes; all but the targets if empty
    - `is_flat`: whether it must be answered flat
    - `arguments`: further arguments of `python -m training`
    - `takes_texts`: whether it is trained on the only column of its features, as a list of texts
    - `tolerance`: the largest relative error of a number; more than 1e-9 where the estimator computes in float32
    """

    name: str
    family: str
    table: Callable[[], ZooTable]
    target: str | tuple[str, ...]
    make: Callable[[], Any]
    features: tuple[str, ...] = ()
    is_flat: bool = True
    arguments: tuple[str, ...] = ()
    takes_texts: bool = False
    tolerance: float = 1e-9

    @property
    def targets(self) -> list[str]:
        """The columns that it predicts."""
        return [self.target] if isinstance(self.target, str) else list(self.target)
