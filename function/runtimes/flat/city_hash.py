"""CityHash64, version 1, by which CatBoost knows a category.

The algorithm is by Geoff Pike and Jyrki Alakuijala (Google, 2011; MIT licence): https://github.com/google/cityhash. All
sums and products are those of whole numbers of 64 bits; they are cut to these where that matters.
"""

from struct import iter_unpack, unpack_from

_64 = 2**64 - 1
_K0, _K1, _K2, _K3 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F, 0xC949D7C7509E6557
_MIX = 0x9DDFEA08EB382D69


def compute_city_hash(text: bytes) -> int:
    """Compute the hash of 64 bits."""
    size = len(text)
    if size <= 16:
        return _hash_up_to_16(text)
    if size <= 32:
        return _hash_up_to_32(text)
    return _hash_up_to_64(text) if size <= 64 else _hash_longer(text)


def _read(text: bytes, at: int, size: int = 8) -> int:
    return int.from_bytes(text[at : at + size], "little")


def _rotate(number: int, count: int) -> int:
    number &= _64
    return (number >> count | number << (64 - count)) & _64


def _shift(number: int) -> int:
    number &= _64
    return number ^ number >> 47


def _hash_pair(low: int, high: int) -> int:
    mixed = _shift(((low ^ high) & _64) * _MIX)
    return _shift(((high & _64) ^ mixed) * _MIX) * _MIX & _64


def _hash_up_to_16(text: bytes) -> int:
    size = len(text)
    if size > 8:
        first, last = _read(text, 0), _read(text, size - 8)
        return _hash_pair(first, _rotate(last + size, size)) ^ last
    if size >= 4:
        return _hash_pair(size + (_read(text, 0, 4) << 3), _read(text, size - 4, 4))
    if size:
        start = text[0] + (text[size // 2] << 8)
        end = size + (text[-1] << 2)
        return _shift(start * _K2 ^ end * _K3) * _K2 & _64
    return _K2


def _hash_up_to_32(text: bytes) -> int:
    size = len(text)
    a, b = _read(text, 0) * _K1, _read(text, 8)
    c, d = _read(text, size - 8) * _K2, _read(text, size - 16) * _K0
    return _hash_pair(_rotate(a - b, 43) + _rotate(c, 30) + d, a + _rotate(b ^ _K3, 20) - c + size)


def _hash_up_to_64(text: bytes) -> int:
    size = len(text)
    begin = _read(text, 0) + (size + _read(text, size - 16)) * _K0
    front = _mix_half(begin, _read(text, 8), _read(text, 16), _read(text, 24))
    begin = _read(text, 16) + _read(text, size - 32)
    back = _mix_half(begin, _read(text, size - 24), _read(text, size - 16), _read(text, size - 8))
    mixed = _shift((front[0] + back[1]) * _K2 + (back[0] + front[1]) * _K0)
    return _shift(mixed * _K0 + front[1]) * _K2 & _64


def _mix_half(a: int, second: int, third: int, fourth: int) -> tuple[int, int]:
    b, c = _rotate(a + fourth, 52), _rotate(a, 37)
    a += second
    c += _rotate(a, 7)
    a += third
    return a + fourth, b + _rotate(a, 31) + c


def _hash_longer(text: bytes) -> int:
    size = len(text)
    x, y, z = _read(text, 0), _read(text, size - 16) ^ _K1, _read(text, size - 56) ^ _K0
    end = unpack_from("<8Q", text, size - 64)
    v = _mix_32(end[:4], size, y)
    w = _mix_32(end[4:], size * _K1, _K0)
    z += _shift(v[1]) * _K1
    x, y = _rotate(z + x, 39) * _K1, _rotate(y, 33) * _K1
    for numbers in iter_unpack("<8Q", memoryview(text)[: size - 1 & ~63]):
        x = _rotate(x + y + v[0] + numbers[2], 37) * _K1
        y = _rotate(y + v[1] + numbers[6], 42) * _K1
        x, y = (x ^ w[1]) & _64, (y ^ v[0]) & _64
        z = _rotate(z ^ w[0], 33)
        v = _mix_32(numbers[:4], v[1] * _K1, x + w[0])
        w = _mix_32(numbers[4:], z + w[1], y)
        x, z = z, x
    return _hash_pair(_hash_pair(v[0], w[0]) + _shift(y) * _K1 + z, _hash_pair(v[1], w[1]) + x)


def _mix_32(numbers: tuple[int, ...], a: int, b: int) -> tuple[int, int]:
    first, second, third, fourth = numbers
    a = c = (a + first) & _64
    b = _rotate(b + a + fourth, 21)
    a += second + third
    b += _rotate(a, 44)
    return a + fourth & _64, b + c & _64
