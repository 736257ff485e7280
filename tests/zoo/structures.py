"""Pipelines, column transformers and other wrappers."""

from tests.zoo.specimen import Specimen

FAMILY = "structure"
SPECIMENS: tuple[Specimen, ...] = ()
