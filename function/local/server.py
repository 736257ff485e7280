"""Serve the handler with gunicorn, on a laptop or on any container platform."""

from typing import Any

from gunicorn.app.base import BaseApplication

from function.dispatch import create_handler
from function.local.stderr_log import log_to_stderr
from function.local.worker import Worker
from function.local.wsgi import create_application
from function.service import Service


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with a given application, instead of one that gunicorn imports by name."""

    def __init__(self, application: Any, options: dict[str, object]) -> None:
        self._application = application
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Set the given options; read no command line and no configuration file."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application."""
        return self._application


def serve(service: Service, host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    log_to_stderr()
    shown_host = "localhost" if host in ("127.0.0.1", "0.0.0.0") else host  # noqa: S104
    model = service.model
    print(f"serving {model.manifest.name} {model.manifest.version} on http://{shown_host}:{port}", flush=True)
    options = {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "worker_class": Worker,
        "threads": 4,
        # One process loads the model once; to scale, run more containers.
        "workers": 1,
        "loglevel": "warning",
        # gunicorn's control socket would be written to the home directory.
        "control_socket_disable": True,
        # With a read-only file system only /tmp is writable, and platforms like Lambda have no /dev/shm.
        "worker_tmp_dir": "/tmp",  # noqa: S108
    }
    Server(create_application(create_handler(service)), options).run()
