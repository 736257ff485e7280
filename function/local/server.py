"""gunicorn around the handler, for a laptop and for any container platform."""

from typing import Any

from gunicorn.app.base import BaseApplication

from function.dispatch import create_handler
from function.local.stderr_log import log_to_stderr
from function.local.worker import Worker
from function.local.wsgi import create_application
from function.service import Service


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with an application that is already there, in place of one that it imports."""

    def __init__(self, served: Any, options: dict[str, object]) -> None:
        self._served = served
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Takes the options as they are; no command line, no configuration file."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application."""
        return self._served


def serve(service: Service, host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    log_to_stderr()
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0") else host  # noqa: S104
    model = service.model
    print(f"serving {model.manifest.name} {model.manifest.version} on http://{shown}:{port}", flush=True)
    options = {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "worker_class": Worker,
        "threads": 4,
        # One process: the model is loaded once, and a platform that wants more starts more containers.
        "workers": 1,
        "loglevel": "warning",
        # It would write a socket into the home directory.
        "control_socket_disable": True,
        # A read-only file system has /tmp alone, and Lambda-like platforms no /dev/shm.
        "worker_tmp_dir": "/tmp",  # noqa: S108
    }
    Server(create_application(create_handler(service)), options).run()
