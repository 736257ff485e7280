"""Models of LightGBM."""

from tests.zoo.specimen import Specimen

FAMILY = "LightGBM"
SPECIMENS: tuple[Specimen, ...] = ()
