"""What `kaldi_binary.py` writes, read back."""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.recipe.errors import StageError

Array = NDArray[np.float64]

_NUMBERS: Final = {"FM": "<f4", "DM": "<f8"}


class KaldiReader:
    """Reads tokens, numbers and matrices one after the other."""

    def __init__(self, content: bytes, name: str) -> None:
        """`name` is what an error calls the content."""
        self._content = content
        self._name = name
        self._at = 0

    def skip_to(self, token: str) -> None:
        """Go to just after the next such token.

        Raises:
            StageError: there is none.

        """
        found = self._content.find(token.encode("ascii") + b" ", self._at)
        if found < 0:
            raise self._damaged(f"no {token}")
        self._at = found + len(token) + 1

    def skip_binary_mark(self) -> None:
        """Go past the mark of a binary file.

        Raises:
            StageError: there is none.

        """
        if self._bytes(2) != b"\0B":
            raise self._damaged("no binary mark")

    def has(self, token: str) -> bool:
        """Whether such a token is still to come."""
        return self._content.find(token.encode("ascii") + b" ", self._at) >= 0

    def vector(self) -> Array:
        """Read a vector of floats."""
        if self._token() != "FV":
            raise self._damaged("no vector")
        return self._values("<f4", self._integer())

    def matrix(self) -> Array:
        """Read a matrix: floats, doubles, or one byte a number."""
        kind = self._token()
        if kind == "CM3":
            lowest, extent, rows, columns = struct.unpack("<ffii", self._bytes(16))
            quantised: Array = self._values("u1", rows * columns).reshape(rows, columns)
            return quantised * (float(extent) / 255) + float(lowest)
        if kind not in _NUMBERS:
            raise self._damaged(f"an unknown matrix {kind}")
        rows, columns = self._integer(), self._integer()
        return self._values(_NUMBERS[kind], rows * columns).reshape(rows, columns)

    def _token(self) -> str:
        end = self._content.find(b" ", self._at)
        if not 0 <= end - self._at <= 3:
            raise self._damaged("no matrix or vector")
        token = self._content[self._at : end]
        self._at = end + 1
        return token.decode("ascii", "replace")

    def _integer(self) -> int:
        number: int = struct.unpack("<bi", self._bytes(5))[1]
        if number < 0:
            raise self._damaged("a negative length")
        return number

    def _values(self, kind: str, number: int) -> Array:
        return np.frombuffer(self._bytes(number * np.dtype(kind).itemsize), kind).astype(np.float64)

    def _bytes(self, number: int) -> bytes:
        read = self._content[self._at : self._at + number]
        if len(read) < number:
            raise self._damaged("it ends early")
        self._at += number
        return read

    def _damaged(self, why: str) -> StageError:
        return StageError(
            f"{self._name} was not made by this recipe, or is damaged ({why}, byte {self._at}): use another model"
        )
