"""What the sources answer from."""

from typing import NamedTuple

from function.aws import Clients
from function.model.runtime import Model
from function.settings import Settings
from function.telemetry.counts import Seen


class Service(NamedTuple):
    """The loaded model, the settings, the clients for what is read and written, and the invocation's counts."""

    model: Model
    settings: Settings
    clients: Clients = Clients()
    seen: Seen = Seen()
