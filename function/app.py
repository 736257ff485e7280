"""The Lambda entry point, `function.app.handler`: it loads the model when it is imported, in Lambda's init phase."""

import os
import sys

from function.aws import Clients
from function.bundle.location import load_model
from function.dispatch import create_handler
from function.service import Service
from function.settings import Settings

if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    # awslambdaric sends the stack trace of an exception that a handler, or its import, raises to the caller, with paths
    # and source lines. Errors of this project say what is wrong in one sentence; for others
    # function.telemetry.unexpected_errors logs the frames.
    sys.tracebacklimit = 0

_settings, _clients = Settings.read(os.environ), Clients()
handler = create_handler(Service(load_model(_settings, _clients), _settings, _clients), logs_invocations=True)
