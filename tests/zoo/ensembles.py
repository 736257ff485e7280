"""Models that are made of other models."""

from tests.zoo.specimen import Specimen

FAMILY = "ensembles"
SPECIMENS: tuple[Specimen, ...] = ()
