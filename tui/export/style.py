"""Style of a report: light or dark as the reader's system is, and readable without colours."""

from __future__ import annotations

from tui.viewmodels.heat import SHADES, Rgb

LIGHT = {
    "back": "#fdfcfa",
    "text": "#1d1f21",
    "muted": "#5c6166",
    "line": "#d8d4ce",
    "panel": "#f3f0eb",
    "wrong": "#b3261e",
    "open": "#7a5c00",
    "right": "#1b6e3c",
    "forward": "#2f6f9f",
    "backward": "#a5602f",
}
DARK = {
    "back": "#16181b",
    "text": "#e4e2de",
    "muted": "#9ba1a8",
    "line": "#363b41",
    "panel": "#1f2327",
    "wrong": "#ff8a80",
    "open": "#e6c15a",
    "right": "#7fd6a0",
    "forward": "#7fb9e6",
    "backward": "#e0a574",
}

RULES = """
body { background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .2rem; overflow-wrap: anywhere; }
p { margin: .2rem 0; }
code { font: .92em ui-monospace, monospace; }
.summary { font-weight: 600; }
.more { color: var(--muted); font-size: .9rem; }
.wrong, .error strong { color: var(--wrong); font-weight: 600; }
.open, .warning strong { color: var(--open); }
.right { color: var(--right); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
ol { padding-left: 1.4rem; margin: 0; }
li { margin: .6rem 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; margin: .4rem 0; }
th { text-align: left; color: var(--muted); font-weight: 500; }
th, td { padding: .15rem .7rem .15rem 0; vertical-align: top; }
tbody tr { border-top: 1px solid var(--line); }
.n { text-align: right; white-space: nowrap; }
.heat td, .heat th { font: .82rem ui-monospace, monospace; padding: .1rem .5rem; }
.heat td { text-align: left; }
.bar { display: inline-block; width: 8rem; height: .6rem; background: var(--panel); }
.bar span { display: block; height: 100%; }
.bar .forward { background: var(--forward); }
.bar .backward { background: var(--backward); }
.curve { width: 100%; max-width: 45rem; height: auto; }
.curve polyline { fill: none; stroke: var(--forward); stroke-width: 1.6; }
.curve circle { fill: var(--forward); }
.curve .axis { fill: none; stroke: var(--line); }
.curve text { fill: var(--muted); font: 12px system-ui, sans-serif; }
"""


def variables(colours: dict[str, str]) -> str:
    return ":root { " + " ".join(f"--{name}: {colour};" for name, colour in colours.items()) + " }"


def heat(dark: bool) -> str:
    """A class for each shade, h0 … h32."""
    return "\n".join(
        f".h{level} {{ background: {hexed(shade.background)}; color: {hexed(shade.foreground)}; }}"
        for level, shade in enumerate(SHADES[dark])
    )


def hexed(colour: Rgb) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)


STYLE = (
    f":root {{ color-scheme: light dark; }}\n{variables(LIGHT)}{RULES}{heat(False)}\n"
    f"@media (prefers-color-scheme: dark) {{\n{variables(DARK)}\n{heat(True)}\n}}\n"
)
