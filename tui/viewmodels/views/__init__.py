"""What can be seen in place of the tensors, or beside them, by the digit that shows it."""

from __future__ import annotations

from tui.viewmodels import curves
from tui.viewmodels.panels import VIEWED
from tui.viewmodels.scene import View
from tui.viewmodels.views import equations, histogram, network, parameters, picture, through_time

CURVES = "5"

VIEWS = {
    "3": View(*VIEWED["3"], network.title, network.lines),
    "4": View(*VIEWED["4"], through_time.title, through_time.lines),
    CURVES: View(*VIEWED[CURVES], curves.title),
    "6": View(*VIEWED["6"], histogram.title, histogram.lines),
    "7": View(*VIEWED["7"], equations.title, equations.lines),
    "8": View(*VIEWED["8"], parameters.title, parameters.lines),
    "9": View(*VIEWED["9"], picture.title, picture.lines),
}
