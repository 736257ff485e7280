"""The Lambda entry point, `function.app.handler`; the only module that does something when it is imported."""

import os
import sys

from function.bundle.location import load_model
from function.dispatch import create_handler
from function.service import Service
from function.settings import Settings

if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    # awslambdaric sends the stack trace of what a handler, or its import, raises to the caller, with the paths and the
    # source lines in it. Errors of ours say what is wrong in one sentence; of others `failures` logs the frames.
    sys.tracebacklimit = 0

_settings = Settings.of(os.environ)
# In Lambda's init phase, once per execution environment.
handler = create_handler(Service(load_model(_settings), _settings), telling=True)
