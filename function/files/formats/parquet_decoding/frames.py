"""The protocol between the two processes: frames, each with its kind and the number of bytes that follow.

The decoding process requests bytes of the file whenever it needs them (READ with a PLACE; the bytes come back without a
frame). It sends the file's description (HEAD, as JSON; SCHEMA of the file, SCHEMA of the rows as they are read), then
the rows (BATCH, an Arrow stream each), and ends with END, or with REFUSAL (as JSON) at any time.
"""

from struct import Struct

FRAME = Struct("<cQ")
READ, HEAD, SCHEMA, BATCH, REFUSAL, END = b"r", b"h", b"s", b"b", b"e", b"z"
PLACE = Struct("<QQ")
"""The first of the requested bytes, and their number."""

# The largest piece of rows, and so the most that one row may take.
MAX_PIECE_BYTES = 32 * 1024 * 1024
# The largest frame: a piece and its schema, which long names of columns may make large.
MAX_FRAME_BYTES = 4 * MAX_PIECE_BYTES
