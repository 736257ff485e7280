"""HTTP as clients see it: routes, problems, documents. Knows no AWS event; `sources` turns those into requests."""
