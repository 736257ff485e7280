"""The Lambda entry point, `function.app.handler`. The import loads the model, in Lambda's init phase."""

import os
import sys

from function.aws import Clients
from function.bundle.location import load_model
from function.dispatch import create_handler
from function.service import Service
from function.settings import Settings

if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    # If the handler or its import raises, awslambdaric sends the caller the stack trace, with paths and source lines.
    # Prevent that. The errors of this project say what is wrong in one sentence; the frames of other errors are logged
    # by function.telemetry.unexpected_errors.
    sys.tracebacklimit = 0

_settings, _clients = Settings.read(os.environ), Clients()
handler = create_handler(Service(load_model(_settings, _clients), _settings, _clients), logs_invocations=True)
