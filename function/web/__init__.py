"""The HTTP API: routes, problem details and documents. Knows no AWS events: `sources` converts those to requests."""
