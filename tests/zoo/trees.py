"""Trees and forests of the zoo."""

from tests.zoo.specimen import Specimen

FAMILY = "trees and forests"
SPECIMENS: tuple[Specimen, ...] = ()
