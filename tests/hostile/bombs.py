"""Files that are small and unpack to very much."""

import zlib

_BLOCK = 2**24


def packed_zeros(n_bytes: int, before: bytes = b"") -> bytes:
    """Deflated zeros after some other bytes, with no header and no checksum.

    The zeros are packed once, flushed so that the result stands for itself, and repeated.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = packer.compress(before) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(_BLOCK)) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = packer.compress(bytes(n_bytes % _BLOCK)) + packer.flush()
    return head + block * (n_bytes // _BLOCK) + rest


def gzipped_zeros(n_bytes: int, before: bytes = b"", *, checked: bool = True) -> bytes:
    """A gzip file of some bytes and zeros, whose checksum is right where it is to be checked."""
    checksum = zlib.crc32(before)
    for _ in range(n_bytes // _BLOCK if checked else 0):
        checksum = zlib.crc32(bytes(_BLOCK), checksum)
    checksum = zlib.crc32(bytes(n_bytes % _BLOCK), checksum)
    tail = checksum.to_bytes(4, "little") + ((len(before) + n_bytes) % 2**32).to_bytes(4, "little")
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + packed_zeros(n_bytes, before) + tail


def zlib_zeros(n_bytes: int) -> bytes:
    """A zlib stream of zeros; its checksum is right: the sum stays 1, and the sum of the sums is their number."""
    checksum = (n_bytes % 65521) << 16 | 1
    return b"\x78\xda" + packed_zeros(n_bytes) + checksum.to_bytes(4, "big")
