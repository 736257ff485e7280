"""Encoders of categories, before simple models."""

from tests.zoo.specimen import Specimen

FAMILY = "categories"
SPECIMENS: tuple[Specimen, ...] = ()
