"""What can be seen in place of the tensors, or beside them, by the digit that shows it."""

from __future__ import annotations

from tui.viewmodels import curves
from tui.viewmodels.scene import View
from tui.viewmodels.views import equations, histogram, network, parameters, picture, through_time

CURVES = "5"

VIEWS = {
    "3": View("network", "every layer: outputs forward, gradients backward", network.title, network.lines),
    "4": View("time", "each time step: its hidden state, its gradient", through_time.title, through_time.lines),
    CURVES: View("curves", "the loss, a sample in time, watches' numbers where recorded", curves.title),
    "6": View("histogram", "how this tensor's numbers are spread", histogram.title, histogram.lines),
    "7": View("equations", "the equations of this event, with its shapes", equations.title, equations.lines),
    "8": View(
        "parameters", "what the update did to each, and the optimiser's state", parameters.title, parameters.lines
    ),
    "9": View("picture", "this sample's input as an image, or this tensor", picture.title, picture.lines),
}
