import io

import numpy as np
import pytest

from models.recipe.errors import StageError
from models.recipe.kaldi_binary import KaldiWriter
from models.recipe.kaldi_reader import KaldiReader

_MATRIX = np.random.default_rng(1).normal(0, 2, (3, 4))


@pytest.mark.parametrize(("kind", "error"), [("matrix", 1e-6), ("double_matrix", 0), ("byte_matrix", 0.03)])
def test_matrices_come_back(kind: str, error: float) -> None:
    file = io.BytesIO()
    writer = KaldiWriter(file)
    writer.begin()
    writer.token("<Here>")
    getattr(writer, kind)(_MATRIX)
    writer.vector([1.5, -2.5])
    reader = KaldiReader(file.getvalue(), "a file")
    reader.skip_binary_mark()
    assert reader.has("<Here>")
    reader.skip_to("<Here>")
    assert np.abs(reader.matrix() - _MATRIX).max() <= error
    assert reader.vector().tolist() == [1.5, -2.5]
    assert not reader.has("<Here>")


@pytest.mark.parametrize(
    "content", [b"", b"FM ", b"XX 12345", b"FM \x04\xff\xff\xff\xff\x04\x01\x00\x00\x00"]
)
def test_damage_is_an_error_that_names_the_file(content: bytes) -> None:
    with pytest.raises(StageError, match="a file was not made by this recipe"):
        KaldiReader(content, "a file").matrix()
