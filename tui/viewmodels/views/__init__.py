"""What can be seen in place of the tensors, or beside them, by the digit that shows it."""

from __future__ import annotations

from tui.viewmodels.scene import View
from tui.viewmodels.views import equations

VIEWS = {
    "7": View("equations", "the equations of this event, with its shapes", equations.title, equations.lines),
}
