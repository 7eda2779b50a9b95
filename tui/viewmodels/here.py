"""What is said at an event, in the lines that there are: findings first, equations where there is room after them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len, set_cell_size

MORE = "… and {} more: see findings"


def here(said: Sequence[str], equations: Iterable[str], width: int, height: int) -> tuple[list[str], list[str]]:
    """Lines of what is said, and of equations, together at most `height`.

    Each that is said gets a line at least, cut with … where it needs more and others would not show; where even
    that is too much, the last line says how many are missing.
    """
    if min(width, height) < 1:
        return [], []
    shown = list(said[: height if len(said) <= height else height - 1])
    missing = len(said) - len(shown)
    lines = [line for _, line in spread(shown, width, height - bool(missing))]
    if missing:
        lines.append(cut(MORE.format(missing), width))
    return lines, [cut(f"  {equation}", width) for equation in equations][: height - len(lines)]


def spread(texts: Sequence[str], width: int, height: int | None) -> Iterator[tuple[int, str]]:
    """Texts in a line each at least, and in more as long as there are any, in all without a height; each line with the
    number of its text.
    """
    spare = None if height is None else max(0, height - len(texts))
    for number, text in enumerate(texts):
        whole = wrap(text, max(1, width))
        used = len(whole) if spare is None else min(len(whole), 1 + spare)
        spare = None if spare is None else spare - used + 1
        last = whole[-1] if used == len(whole) else cut(" ".join(whole[used - 1 :]), width)
        yield from ((number, line) for line in [*whole[: used - 1], last])


def cut(text: str, width: int) -> str:
    """A text in that many cells, with … at its end where it is longer."""
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)).rstrip() + "…"


def ljust(text: str, width: int) -> str:
    """A text with spaces after it, to that many cells; str.ljust counts characters, of which some take two."""
    return text + " " * (width - cell_len(text))


def rjust(text: str, width: int) -> str:
    """The same with spaces before it."""
    return " " * (width - cell_len(text)) + text


def wrap(text: str, width: int) -> list[str]:
    """A text's lines of at most that many cells, broken between words where there are any."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += f" {word}"
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if cell_len(lines[-1]) + cell_len(character) > width:
                lines.append("")
            lines[-1] += character
    return lines
