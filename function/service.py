"""What the sources answer from."""

from typing import NamedTuple

from function.aws import Clients
from function.model import Model
from function.seen import Seen
from function.settings import Settings


class Service(NamedTuple):
    """The loaded model, the settings, the clients for what is read and written, and the invocation's counts."""

    model: Model
    settings: Settings
    clients: Clients = Clients()
    seen: Seen = Seen()
