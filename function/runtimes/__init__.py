"""One module per kind of artifact; each loads its own and answers as function.model.runtime.Runtime."""
