"""Whether a pool of decoders has its places back, found out the way a caller would: by taking them."""

from contextlib import suppress

from asr.errors import PoolBehind, PoolClosed, PoolFull
from asr.pool import DecodePool
from asr.stream import SpeechStream


def taken_places(pool: DecodePool, capacity: int) -> int:
    """How many of the pool's `capacity` places are held by calls; none once it is closed."""
    ours: list[SpeechStream] = []
    try:
        with suppress(PoolFull, PoolBehind):
            while True:
                ours.append(pool.open(lambda _: None))
    except PoolClosed:
        return 0
    finally:
        for stream in ours:
            stream.cancel()
    return capacity - len(ours)
