"""What explore found, as a page in the dress of the report: counts, charts, sheets of crops."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from pipeline.features.report.data import status_table
from pipeline.features.report.explanations import read_sheet
from pipeline.features.report.page import Section, build_page, render
from pipeline.features.report.parts import Grid, figure
from pipeline.figures.chart import Chart

PARTS = {"labels": "Labels", "images": "Images and faces"}  # sections, by name
FIGURES = {"classes": "labels", "numbers": "labels", "sizes": "images", "faces": "images"}


def build_explore_page(
    *,
    name: str,
    contest: str,
    images: pd.DataFrame,
    summary: Sequence[str],
    panels: Mapping[str, Mapping[str, Chart]],
    joint: pd.DataFrame | None,
    sheets: Sequence[tuple[str, Path]],
    made: str,
    command: str,
) -> str:
    """The page. `panels` are charts by title for each of FIGURES; `joint` counts the answer's
    combinations; `sheets` are titles and PNG files."""
    body = render("explore_images.html.j2", status=status_table(images, contest))
    found = [
        {"line": line, "details": []} for line in summary if not line.startswith((" ", "explore:"))
    ]
    findings = render("audit_findings.html.j2", findings=found)
    sections = [
        Section("findings", "In short", findings),
        Section("status", "Parts", body, says=f"{len(images):,} images"),
    ]
    for part, title in PARTS.items():
        figures = [
            figure(name, chart, says=name)
            for key, charts in panels.items()
            for name, chart in charts.items()
            if FIGURES.get(key) == part
        ]
        sections.append(Section(part, title, render("figures.html.j2", figures=figures)))
    if joint is not None:
        grid = Grid(
            [str(word) for word in joint.index],
            [str(word) for word in joint.columns],
            joint.astype(int).to_numpy().tolist(),
            "Images of each combination; an empty cell is one that never comes",
            corner=str(joint.index.name or ""),
        )
        body = render("explore_joint.html.j2", grid=grid)
        sections.append(Section("joint", "Combinations of the answer", body))
    shown = [{"title": title, "source": read_sheet(path)} for title, path in sheets]
    body = render("explore_sheets.html.j2", sheets=shown)
    sections.append(Section("sheets", "Sheets of crops", body, says=f"{len(shown)} sheets"))
    body = render("explore_summary.html.j2", text="\n".join(summary))
    sections.append(Section("summary", "All of it as text", body, is_open=False))
    sentence = f"What is in the data of the contest {contest}, before training."
    return build_page(
        title=f"{name}: the data",
        lead=render("lead.html.j2", sentence=sentence),
        sections=sections,
        made=made,
        command=command,
    )
