"""Load the model that the settings name: the image's own bundle, another directory's or a bucket's."""

from function.aws import Clients
from function.bundle.folder import Folder
from function.bundle.loading import BundleStore, load
from function.model.runtime import Model
from function.settings import Settings


def load_model(settings: Settings, clients: Clients) -> Model:
    """Load and check the model. Raises BundleError."""
    return load(locate_bundle(settings, clients), settings.model_runtime)


def locate_bundle(settings: Settings, clients: Clients) -> BundleStore:
    """Return the store of the bundle that the settings name, without reading from it."""
    if not settings.model_uri:
        return Folder(settings.model_path)
    # S3 takes 0.2 s of a start (docs/operations.md), which a bundle in the image must not pay.
    from function.bundle.bucket import Prefix

    return Prefix(settings.model_uri, settings.model_sha256, settings.model_version_id, clients.s3)
