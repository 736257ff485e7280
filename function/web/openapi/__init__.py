"""The OpenAPI document of a model's API."""
