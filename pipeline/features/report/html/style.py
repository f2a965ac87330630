"""Colours and the style sheet. Every colour has its pair in the dark; their contrast is tested."""

from collections.abc import Mapping

LIGHT = {
    "paper": "#fbfbf9",
    "card": "#ffffff",
    "ink": "#1b2025",
    "soft": "#59626c",
    "line": "#dcdfe2",
    "link": "#1f5f8b",
    "fill": "#9ccaea",
    "wrong": "#f3b9a0",
    "alarm": "#a33b12",
    "tone0": "#1f6a9e",
    "tone1": "#b9531a",
    "tone2": "#2f7d4f",
    "tone3": "#8b3f93",
    "tone4": "#866800",
    "tone5": "#5b6670",
}
DARK = {
    "paper": "#13171b",
    "card": "#1a1f24",
    "ink": "#e8ebee",
    "soft": "#a6b0ba",
    "line": "#353d45",
    "link": "#85c1ef",
    "fill": "#235e8b",
    "wrong": "#8a3b1d",
    "alarm": "#f29a75",
    "tone0": "#6fb6ec",
    "tone1": "#f0995f",
    "tone2": "#79cc95",
    "tone3": "#d79ae2",
    "tone4": "#dfbe55",
    "tone5": "#adb7c0",
}
NUM_TONES = 6
_RULES = """
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.55;
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, .scroll:focus-visible {
  outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; z-index: 2; }
header, main, footer { padding: 0 clamp(1rem, 4vw, 3rem); }
header { padding-top: 2.5rem; }
h1 { font-size: clamp(1.7rem, 4vw, 2.4rem); line-height: 1.15; margin: 0 0 .3rem;
  letter-spacing: -.02em; overflow-wrap: anywhere; }
h2 { font-size: 1.4rem; letter-spacing: -.01em; margin: 0 0 .6rem; }
h3 { font-size: 1.08rem; margin: 2rem 0 .5rem; }
h4 { font-size: .92rem; font-weight: 600; margin: 0 0 .4rem; }
p { max-width: 46rem; margin: .5rem 0; }
.lead { font-size: 1.1rem; }
.note, figcaption, caption { color: var(--soft); font-size: .88rem; }
.alarm { color: var(--alarm); font-weight: 600; }
code { font: .88em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  overflow-wrap: anywhere; }
pre { font: .82rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
section { border-top: 1px solid var(--line); padding: 2rem 0 1rem; scroll-margin-top: 1rem; }
nav ol { list-style: none; margin: 0; padding: 0; }
nav a { display: block; padding: .3rem .7rem; border-radius: 6px; color: var(--ink);
  text-decoration: none; font-size: .92rem; }
nav a:hover { background: var(--line); }
.key { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .8rem;
  margin: 1.2rem 0; padding: 0; }
.key div { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: .8rem 1rem; }
.key dt { color: var(--soft); font-size: .82rem; }
.key dd { margin: 0; font-size: 1.35rem; font-weight: 620; letter-spacing: -.01em;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.key dd small { display: block; font-size: .8rem; font-weight: 400; color: var(--soft);
  letter-spacing: 0; }
.row { display: grid; gap: 1.2rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: .9rem 1rem; min-width: 0; }
figure svg { display: block; width: 100%; height: auto; max-width: 30rem; }
.stack { display: grid; gap: 1.2rem; }
.scroll { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; }
caption span { position: sticky; left: 0; display: inline-block; max-width: calc(100vw - 3rem); }
th, td { padding: .32rem .7rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; text-align: left; }
tbody th { font-weight: 500; }
.number { text-align: right; }
td.word { text-align: left; white-space: normal; max-width: 30rem; }
.scroll tbody th { position: sticky; left: 0; background: var(--paper); }
details .scroll tbody th { max-width: 45vw; white-space: normal; }
.counts td { text-align: center; border: 1px solid var(--line); padding: .3rem .5rem;
  background: color-mix(in srgb, var(--fill) calc(var(--share) * 100%), transparent); }
.counts td.off { background: color-mix(in srgb, var(--wrong) calc(var(--share) * 100%),
  transparent); }
.counts td.none { color: var(--soft); background: none; }
.counts small { display: block; font-size: .78em; }
.counts thead th { text-align: center; vertical-align: bottom; }
.counts.wide { font-size: .74rem; }
.counts.wide td { padding: .2rem .3rem; min-width: 2.3rem; }
.counts.wide thead th { writing-mode: vertical-rl; padding: .4rem .1rem; }
.counts.wide thead th:first-child { writing-mode: horizontal-tb; }
details { margin: .8rem 0; }
summary { cursor: pointer; padding: .25rem 0; color: var(--link); }
details pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .8rem 1rem; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin: .5rem 0 0;
  padding: 0; font-size: .82rem; color: var(--soft); }
.legend svg { display: inline-block; width: 26px; height: 10px; margin-right: .35rem; }
.faces { display: grid; gap: .7rem; margin: .8rem 0; padding: 0; list-style: none;
  grid-template-columns: repeat(auto-fill, minmax(8.2rem, 1fr)); }
.faces img { display: block; width: 100%; height: auto; border-radius: 8px; }
.faces li { font-size: .8rem; line-height: 1.35; }
.faces span { display: block; }
.faces .id { color: var(--soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.scroll img { min-width: 42rem; }
figure img { max-width: 100%; height: auto; border-radius: 8px; }
svg text { fill: var(--ink); font-size: 12px; font-family: inherit; }
svg .small { fill: var(--soft); font-size: 11px; }
svg .halo { paint-order: stroke; stroke: var(--card); stroke-width: 6px; stroke-linejoin: round; }
svg .grid { stroke: var(--line); fill: none; }
svg .mark { stroke: var(--soft); stroke-dasharray: 4 3; fill: none; }
svg .bar { fill: var(--tone0); }
svg .cloud { fill: none; stroke: var(--tone0); stroke-linecap: round; stroke-opacity: .45; }
svg .curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
svg .fold { fill: var(--card); stroke-width: 1.5; }
svg .band { stroke: none; opacity: .18; }
footer { color: var(--soft); font-size: .85rem; padding-top: 1rem; padding-bottom: 3rem; }
@media (min-width: 66rem) {
  .page { display: grid; grid-template-columns: 13.5rem minmax(0, 76rem); }
  nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto;
    padding: 2.6rem .6rem 2rem 1.4rem; }
}
@media (max-width: 65.99rem) {
  nav { padding: 1rem 1rem 0; }
  nav ol { display: flex; flex-wrap: wrap; gap: .2rem .3rem; }
  nav a { background: var(--card); border: 1px solid var(--line); padding: .3rem .7rem; }
}
@media print {
  nav, .skip { display: none; }
  section, figure { break-inside: avoid; }
}
"""


def style_sheet() -> str:
    tones = range(NUM_TONES)
    strokes = "\n".join(f"svg .t{n} {{ stroke: var(--tone{n}); }}" for n in tones)
    fills = "\n".join(f"svg .f{n} {{ fill: var(--tone{n}); }}" for n in tones)
    return (
        f":root {{ color-scheme: light dark; {_variables(LIGHT)} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {_variables(DARK)} }} }}\n"
        f"@media print {{ :root {{ {_variables(LIGHT)} }} }}\n"
        f"{_RULES}{strokes}\n{fills}\n"
    )


def _variables(colours: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())
