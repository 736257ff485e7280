"""Models of XGBoost."""

from tests.zoo.specimen import Specimen

FAMILY = "XGBoost"
SPECIMENS: tuple[Specimen, ...] = ()
