import dataclasses
import io

import pytest
import torch

from models.recipe.kaldi_binary import KaldiWriter
from models.recipe.net import AcousticNet
from models.recipe.nnet3 import _graph, write_net
from models.recipe.size import SIZES

_TINY = dataclasses.replace(SIZES["small"], narrow=8, wide=12, residual_layers=2)


@pytest.fixture
def net() -> AcousticNet:
    torch.manual_seed(1)
    return AcousticNet(_TINY).eval()


@pytest.fixture
def written(net: AcousticNet) -> bytes:
    file = io.BytesIO()
    write_net(KaldiWriter(file), net)
    return file.getvalue()


def test_the_graph_names_inputs_before_they_are_used(net: AcousticNet) -> None:
    known: set[str] = set()
    for line in _graph(net):
        kind, *fields = line.split(" ", 2)
        name = fields[0].removeprefix("name=")
        if kind == "component-node":
            inputs = line.split("input=")[1]
            assert any(node in inputs for node in known), line
        known.add(name)
    assert kind == "output-node"


def test_offsets_are_in_input_frames(net: AcousticNet) -> None:
    lines = [line for line in _graph(net) if ".affine component" in line and "Append" in line]
    assert (
        "Append(Offset(input, -2), Offset(input, -1), input, Offset(input, 1), Offset(input, 2))" in lines[0]
    )
    assert "Append(Offset(layer1.relu, -1), layer1.relu, Offset(layer1.relu, 1))" in lines[1]
    assert "Append(Offset(layer2.relu, -3), layer2.relu, Offset(layer2.relu, 3))" in lines[2]
    assert "Append(Offset(layer3.sum, -3), layer3.sum, Offset(layer3.sum, 3))" in lines[3]


def test_residual_layers_are_sums(net: AcousticNet) -> None:
    sums = [line for line in _graph(net) if "Sum(" in line]
    assert [line.split("input=")[1] for line in sums] == [
        "Sum(layer2.relu, layer3.relu)",
        "Sum(layer3.sum, layer4.relu)",
    ]


def test_every_component_of_the_graph_is_written_once(net: AcousticNet, written: bytes) -> None:
    used = {line.split("component=")[1].split(" ")[0] for line in _graph(net) if "component=" in line}
    for name in used:
        assert written.count(f"<ComponentName> {name} ".encode()) == 1
    assert written.count(b"<ComponentName> ") == len(used)


def test_the_number_of_components_is_right(written: bytes) -> None:
    at = written.index(b"<NumComponents> ") + len(b"<NumComponents> ")
    assert int.from_bytes(written[at + 1 : at + 5], "little") == written.count(b"<ComponentName> ")


def test_the_first_two_maps_are_whole_and_the_others_bytes(written: bytes) -> None:
    assert written.count(b"<LinearParams> FM ") == 2
    assert written.count(b"<LinearParams> CM3 ") == 3
    assert written.index(b"CM3 ") > written.index(b"layer2.affine <FixedAffineComponent>")


def test_it_begins_and_ends_as_kaldi_wants(written: bytes) -> None:
    assert written.startswith(b"<Nnet3> \ninput-node")
    assert written.endswith(b"</Nnet3> ")
