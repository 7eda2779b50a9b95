"""Images in cells, and which image there is to see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import scenarios
from mtorch.debug.session import Session
from tests.tui.goldens import same
from tui.viewmodels.curve import sparkline
from tui.viewmodels.heat import SHADES
from tui.viewmodels.lines import text
from tui.viewmodels.pictures import LOST_COLOUR, picture, resized
from tui.viewmodels.samples import chosen_sample, samples
from tui.viewmodels.scene import Scene
from tui.viewmodels.views import picture as view


def test_an_image_grows_by_whole_numbers_and_shrinks_by_means() -> None:
    image = np.array([[0.0, 1.0], [2.0, 3.0]])
    assert resized(image, 5, 7).tolist() == image.repeat(2, axis=0).repeat(2, axis=1).tolist()
    assert resized(image, 1, 9).tolist() == [[1.5]]
    three = resized(np.array([[0.0, 3.0, 6.0]] * 3), 2, 9)
    assert three == pytest.approx(np.array([[1.0, 5.0]] * 2)), "the middle one belongs to both"
    lost = resized(np.array([[np.inf, 1.0, 1.0, 1.0]] * 4), 2, 2)
    assert np.isnan(lost).tolist() == [[True, False]] * 2, "no other place is lost by it"
    assert resized(np.ones((28, 28)), 46, 20).shape == (20, 20)


def test_numbers_stand_one_above_the_other_in_a_cell() -> None:
    ((part,),) = picture(np.array([[1.0], [0.0]]), 1, 1)
    assert part == ("▀", "", ((255, 255, 255), (0, 0, 0)))
    rows = picture(np.array([[-1.0, np.nan], [1.0, 0.0], [1.0, 0.0]]), 2, 2)
    assert rows[0][0].colours == (SHADES[True][0].background, SHADES[True][-1].background)
    assert rows[0][1].colours[0] == LOST_COLOUR and len(rows) == 2
    assert picture(np.zeros((0, 3)), 5, 5) == []


def test_without_colour_characters_are_dense() -> None:
    image = np.array([[0.0, 0.5], [0.0, 0.5], [1.0, np.inf], [1.0, np.inf]])
    assert text(picture(image, 2, 2, colour=False)) == " =\n@?"


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_largest_numbers_there_are_can_be_shown(dtype: type[np.floating]) -> None:
    most = np.finfo(dtype).max
    for image in ([[most], [most / 2]], [[most], [-most]]):
        found = np.array(image, dtype)
        assert picture(found, 1, 1)[0][0].colours[0] not in (None, LOST_COLOUR)
        assert text(picture(found.repeat(2, axis=0), 1, 2, colour=False)).startswith("@")
    assert picture(np.full((4, 4), most, dtype), 1, 1)[0][0].text == "▀", "whose sum is too large"
    assert sparkline([float(most), -float(most)], 2) == "█▁"


@pytest.fixture(scope="module")
def digits() -> Scene:
    session = Session(scenarios.find("mnist-mlp").build())
    return Scene(session.trace(0), 0, tensor="output", cell=(3, 0), colour=False)


def at(scene: Scene, address: str, tensor: str, cell: tuple[int, ...]) -> Scene:
    index = next(e.index for e in scene.trace.events if str(e.address) == address)
    return replace(scene, index=index, tensor=tensor, cell=cell)


def test_the_chosen_samples_digit_shows_with_its_target_and_the_answer(digits: Scene) -> None:
    given = samples(digits.trace)
    assert given.target is not None and given.output is not None and given.input is not None
    target, answer = int(given.target[3]), int(given.output[3].argmax())
    assert view.title(digits) == f"input of sample 3: target {target}, answer {answer}"
    found = view.shown(digits)
    assert found is not None and np.array_equal(found.image.ravel(), given.input[3])
    same("picture-of-a-digit", text(view.lines(digits, 40, 12)))
    named = replace(digits, names={"output": [f"<{n}>" for n in range(10)]})
    assert view.title(named).endswith(f"target <{target}>, answer <{answer}>")
    assert view.title(at(digits, "0 loss", "target", (5,))).startswith("input of sample 5")


def test_weights_of_pixels_show_as_the_unit_sees_them(digits: Scene) -> None:
    scene = at(digits, "0 update linear1.weight", "delta", (7, 2))
    found, delta = view.shown(scene), scene.array
    assert found is not None and delta is not None
    assert found.of == "linear1.weight delta[:,2]" and np.array_equal(found.image, delta[:, 2].reshape(8, 8))
    matrix = view.shown(at(digits, "0 forward linear2", "weight", (0, 0)))
    assert matrix is not None and matrix.image.shape == (16, 16)
    bias = view.shown(at(digits, "0 forward linear2", "bias", (2,)))
    assert bias is not None and bias.of.startswith("input of sample 0")


def test_of_a_huge_tensor_evenly_spaced_numbers_show(digits: Scene) -> None:
    events = (replace(digits.trace.events[0], tensors={"big": np.ones((2049, 1024), np.float32)}, end=1),)
    scene = Scene(replace(digits.trace, events=events), 0, tensor="big", cell=(0, 0))
    assert text(view.lines(scene, 80, 20)[-1:]).endswith("white is the largest  of 2 rows and columns one")


def test_kernels_and_maps_show_their_slice() -> None:
    scene = Scene(Session(scenarios.find("mnist-cnn").build(settings={"batch": 4})).trace(0), 0)
    kernel = view.shown(at(scene, "0 forward conv2d2", "weight", (3, 5, 0, 1)))
    assert kernel is not None and kernel.of == "conv2d2 weight[3,5,:,:]" and kernel.image.shape == (3, 3)
    maps = view.shown(at(scene, "0 forward conv2d1", "output", (2, 1, 0, 0)))
    assert maps is not None and maps.of == "conv2d1 output[2,1,:,:]" and maps.image.shape == (8, 8)
    given = view.shown(at(scene, "0 forward", "input", (2, 0, 5, 5)))
    assert given is not None and given.of.startswith("input of sample 2: target")


def test_a_sequence_is_shown_in_the_course_of_time() -> None:
    training = scenarios.find("char-rnn").build(settings={"hidden": 4, "seq": 12, "batch": 3})
    trace = Session(training).trace(0)
    alphabet = training.names["output"]
    scene = Scene(trace, 0, tensor="output", cell=(0, 2, 0), names=training.names)
    said = text(view.lines(scene, 60, 10)).split("\n")
    inputs = training.batches.batch(0)[0][:, 2]
    assert view.title(scene) == "sample 2 in time"
    assert said[0] == "input  " + "".join(alphabet[n] for n in inputs)
    assert said[1].startswith("target " + said[0][8:]), "it is the input moved on by one"
    assert chosen_sample(at(scene, "0 forward rnn.tanh t=2", "output", (1, 0))) == 1
