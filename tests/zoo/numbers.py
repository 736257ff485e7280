"""Transformers of numbers, before simple models."""

from tests.zoo.specimen import Specimen

FAMILY = "numbers"
SPECIMENS: tuple[Specimen, ...] = ()
