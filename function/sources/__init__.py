"""The shapes of AWS events; one module per source, each a `function.dispatch.Source`."""
