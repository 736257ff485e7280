"""What every handler needs in addition to the event."""

from typing import NamedTuple

from function.aws import Clients
from function.model.runtime import Model
from function.settings import Settings


class Service(NamedTuple):
    """The loaded model, the settings and the AWS clients."""

    model: Model
    settings: Settings
    clients: Clients
