import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from models.recipe.kaldi_binary import KaldiWriter

_MATRICES = hnp.arrays(
    np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(-9, 9, width=32)
)


def _written(write: Callable[[KaldiWriter], None]) -> bytes:
    file = io.BytesIO()
    write(KaldiWriter(file))
    return file.getvalue()


def test_the_mark_of_a_binary_file() -> None:
    assert _written(lambda writer: writer.begin()) == b"\0B"


def test_a_token_ends_with_a_space() -> None:
    assert _written(lambda writer: writer.token("<Nnet3>")) == b"<Nnet3> "


def test_lines_are_plain_text() -> None:
    assert (
        _written(lambda writer: writer.line("input-node name=input dim=43"))
        == b"input-node name=input dim=43\n"
    )
    assert _written(lambda writer: writer.line()) == b"\n"


@given(st.integers(-(2**31), 2**31 - 1))
def test_integers_have_their_size_before_them(value: int) -> None:
    written = _written(lambda writer: writer.integer(value))
    assert written[0] == 4
    assert struct.unpack("<i", written[1:])[0] == value


@given(st.floats(width=32, allow_nan=False))
def test_floats_have_their_size_before_them(value: float) -> None:
    written = _written(lambda writer: writer.single(value))
    assert (written[0], len(written)) == (4, 5)
    assert struct.unpack("<f", written[1:])[0] == value


@given(st.floats(allow_nan=False))
def test_doubles_have_their_size_before_them(value: float) -> None:
    written = _written(lambda writer: writer.double(value))
    assert (written[0], len(written)) == (8, 9)
    assert struct.unpack("<d", written[1:])[0] == value


@given(st.lists(st.integers(-(2**31), 2**31 - 1)))
def test_integer_vectors_have_a_bare_length(values: list[int]) -> None:
    written = _written(lambda writer: writer.integers(values))
    assert written[0] == 4
    assert struct.unpack_from("<i", written, 1)[0] == len(values)
    assert np.frombuffer(written[5:], "<i4").tolist() == values


@given(st.lists(st.floats(width=32, allow_nan=False)))
def test_vectors(values: list[float]) -> None:
    written = _written(lambda writer: writer.vector(values))
    assert written.startswith(b"FV \4" + struct.pack("<i", len(values)))
    assert np.frombuffer(written[8:], "<f4").tolist() == values


@given(_MATRICES)
def test_matrices_are_written_row_after_row(matrix: np.ndarray) -> None:
    written = _written(lambda writer: writer.matrix(matrix.T.copy().T))
    assert written.startswith(b"FM " + struct.pack("<bibi", 4, matrix.shape[0], 4, matrix.shape[1]))
    assert np.array_equal(np.frombuffer(written[13:], "<f4").reshape(matrix.shape), matrix)


@given(_MATRICES)
def test_byte_matrices_are_right_to_half_a_step(matrix: np.ndarray) -> None:
    written = _written(lambda writer: writer.byte_matrix(matrix))
    assert written.startswith(b"CM3 ")
    lowest, extent, rows, columns = struct.unpack_from("<ffii", written, 4)
    assert (rows, columns) == matrix.shape
    values = lowest + np.frombuffer(written[20:], "u1").reshape(matrix.shape) * extent / 255
    assert np.abs(values - matrix).max() <= extent / 255 / 2 + 1e-5


def test_a_constant_byte_matrix_does_not_divide_by_zero() -> None:
    written = _written(lambda writer: writer.byte_matrix(np.full((2, 2), 3.0)))
    lowest, extent, _, _ = struct.unpack_from("<ffii", written, 4)
    assert (lowest, extent) == (3.0, 1.0)
    assert written[20:] == b"\0\0\0\0"


def test_a_token_that_is_no_ascii_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        _written(lambda writer: writer.token("词"))
