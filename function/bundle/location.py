"""Loads the model that the settings name: the image's, another directory's or a bucket's."""

from function.aws import Clients
from function.bundle.folder import Folder
from function.bundle.loading import Place, load
from function.model.runtime import Model
from function.settings import Settings


def load_model(settings: Settings) -> Model:
    """The model, ready to predict. Raises BundleError."""
    return load(place_of(settings), settings.model_runtime)


def place_of(settings: Settings) -> Place:
    """Where the bundle is."""
    if not settings.model_uri:
        return Folder(settings.model_path)
    # What a bucket needs costs 0.2 s of a start (docs/operations.md), which a bundle in the image does not pay.
    from function.bundle.bucket import Prefix

    return Prefix(settings.model_uri, settings.model_sha256, settings.model_version_id, Clients().s3)
