"""Models of CatBoost."""

from tests.zoo.specimen import Specimen

FAMILY = "CatBoost"
SPECIMENS: tuple[Specimen, ...] = ()
