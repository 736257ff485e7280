"""The shapes of AWS events: one module for each event source, which implements `function.dispatch.Source`."""
