"""The shapes of AWS events; one module per source, each with `matches(event)` and `handle(event, context, service)`."""
