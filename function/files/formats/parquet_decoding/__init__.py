"""Decode Parquet in a separate process with limited memory, which may die without harm to the function.

A few bytes of Parquet may decode to any number of bytes, and only decoding shows how many. In the decoding process an
allocation above the limit fails, smaller batches are tried, and a row that still does not fit is reported. Any other
failure, even a crash inside Arrow, ends that process only.

`process` is the function's side, `__main__` the decoding side; `frames` is the protocol between them.
"""
