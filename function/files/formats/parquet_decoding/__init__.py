"""Decodes Parquet in a process of its own, whose memory is bounded, and which may die.

A few bytes of Parquet may stand for any number of bytes, and what they stand for is known only once they are decoded.
There an allocation past the limit fails, smaller batches are tried, and what still does not fit is told. Whatever else
goes wrong, down to a fault inside of Arrow, ends that process alone.

`process` is the function's side, `__main__` the other; `frames` is what they say to each other.
"""
