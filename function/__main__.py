"""The image's entry point: awslambdaric if Lambda's runtime API is present, else the command line."""

import os
import sys

if __name__ == "__main__":
    if "AWS_LAMBDA_RUNTIME_API" in os.environ:
        from awslambdaric.__main__ import main as serve_lambda

        # A template's ImageConfig.Command may name another handler of the image.
        serve_lambda([sys.argv[0], *(sys.argv[1:] or ["function.app.handler"])])
    else:
        from function.local.command_line import main

        sys.exit(main(sys.argv[1:], os.environ))
