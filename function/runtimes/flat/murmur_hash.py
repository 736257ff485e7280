"""MurmurHash3 of 32 bits, signed, by Austin Appleby: the places of scikit-learn's hashed terms."""

_MASK = 2**32 - 1


def compute_murmur_hash(data: bytes) -> int:
    """Compute the hash with the seed 0: sklearn.utils.murmurhash3_32."""
    length = len(data)
    whole = length & ~3
    state = 0
    for place in range(0, whole, 4):
        state ^= _mix(int.from_bytes(data[place : place + 4], "little"))
        state = (state << 13 | state >> 19) & _MASK
        state = state * 5 + 0xE6546B64 & _MASK
    state ^= _mix(int.from_bytes(data[whole:], "little")) ^ length
    state = (state ^ state >> 16) * 0x85EBCA6B & _MASK
    state = (state ^ state >> 13) * 0xC2B2AE35 & _MASK
    state ^= state >> 16
    return state - 2**32 if state >> 31 else state


def _mix(block: int) -> int:
    block = block * 0xCC9E2D51 & _MASK
    return (block << 15 | block >> 17) * 0x1B873593 & _MASK
