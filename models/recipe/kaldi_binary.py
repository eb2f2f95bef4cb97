"""Kaldi's binary format, written (little-endian; `base/io-funcs.h`, `matrix/kaldi-matrix.cc`, compressed-matrix.cc)."""

import struct
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np
from numpy.typing import ArrayLike


class KaldiWriter:
    """Writes tokens, numbers, vectors and matrices, each as Kaldi's binary mode reads them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def begin(self) -> None:
        """Write the mark of a binary file."""
        self._file.write(b"\0B")

    def token(self, token: str) -> None:
        """Write a token: its letters and one space."""
        self._file.write(token.encode("ascii") + b" ")

    def line(self, text: str = "") -> None:
        """Write a line of text, as nnet3 has its configuration amid the binary."""
        self._file.write(text.encode("ascii") + b"\n")

    def integer(self, value: int) -> None:
        """Write a 32-bit integer after its size byte."""
        self._file.write(struct.pack("<bi", 4, value))

    def single(self, value: float) -> None:
        """Write a 32-bit float after its size byte."""
        self._file.write(struct.pack("<bf", 4, value))

    def double(self, value: float) -> None:
        """Write a 64-bit float after its size byte."""
        self._file.write(struct.pack("<bd", 8, value))

    def integers(self, values: Iterable[int]) -> None:
        """Write a vector of 32-bit integers: the size byte, the length without one, the numbers."""
        numbers = np.fromiter(values, "<i4")
        self._file.write(struct.pack("<bi", 4, len(numbers)) + numbers.tobytes())

    def vector(self, values: ArrayLike) -> None:
        """Write a vector of floats."""
        numbers = np.asarray(values, "<f4").ravel()
        self.token("FV")
        self.integer(numbers.size)
        self._file.write(numbers.tobytes())

    def matrix(self, values: ArrayLike) -> None:
        """Write a matrix of floats, row after row."""
        numbers = np.ascontiguousarray(np.asarray(values, "<f4"))
        self.token("FM")
        self.integer(numbers.shape[0])
        self.integer(numbers.shape[1])
        self._file.write(numbers.tobytes())

    def double_matrix(self, values: ArrayLike) -> None:
        """Write a matrix of doubles, row after row."""
        numbers = np.ascontiguousarray(np.asarray(values, "<f8"))
        self.token("DM")
        self.integer(numbers.shape[0])
        self.integer(numbers.shape[1])
        self._file.write(numbers.tobytes())

    def byte_matrix(self, values: ArrayLike) -> None:
        """Write a matrix in one byte a number ("CM3"): value = lowest + byte × range / 255."""
        numbers = np.asarray(values, "<f4")
        lowest = float(numbers.min())
        extent = float(numbers.max()) - lowest or 1.0
        self.token("CM3")
        self._file.write(struct.pack("<ffii", lowest, extent, *numbers.shape))
        self._file.write(np.round((numbers - lowest) / extent * 255).astype("u1").tobytes())
