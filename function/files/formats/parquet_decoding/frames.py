"""What the two processes say to each other: frames, each with its kind and the number of bytes that follow.

The decoding process asks for the file's bytes (READ, a PLACE; the answer has no frame), then tells what the file is
(HEAD, as JSON; SCHEMA as the file has it, SCHEMA as it is read), sends its rows (BATCH, as a stream of Arrow's) and
ends with END, or with a REFUSAL as JSON.
"""

from struct import Struct

FRAME = Struct("<cQ")
READ, HEAD, SCHEMA, BATCH, REFUSAL, END = b"r", b"h", b"s", b"b", b"e", b"z"
PLACE = Struct("<QQ")
"""Where the bytes that are asked for begin, and how many they are."""

# What is handed on at once, and so what one row may take.
MAX_PIECE_BYTES = 32 * 1024 * 1024
# Any frame: a piece with its schema, which a column's name may make long.
MAX_FRAME_BYTES = 4 * MAX_PIECE_BYTES
