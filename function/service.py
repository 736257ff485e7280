"""What a handler needs beside the event."""

from typing import NamedTuple

from function.aws import Clients
from function.model.runtime import Model
from function.settings import Settings


class Service(NamedTuple):
    """The loaded model, the settings and the clients of AWS."""

    model: Model
    settings: Settings
    clients: Clients
