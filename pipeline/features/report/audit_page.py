"""What audit found, as a page in the dress of the report: the findings, scores, sheets of crops."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.features.report.explanations import read_sheet
from pipeline.features.report.page import Section, build_page, render
from pipeline.features.report.parts import figure
from pipeline.figures.chart import Chart

SHEETS = {  # by the name of their file; what is said where there is none
    "pairs": ("Near-duplicates", "No two images are nearly the same."),
    "shift": ("Most unlike the other part", "There are no test images to compare with."),
    "labels": ("Doubtful labels", "No label is doubted, or labels were left out."),
}


def build_audit_page(
    *,
    name: str,
    contest: str,
    findings: Sequence[str],
    charts: Mapping[str, Chart],
    sheets: Mapping[str, Path],
    folder: str,
    made: str,
    command: str,
) -> str:
    """The page. `findings` are the lines of the summary, `charts` the scores by title, `sheets` the
    PNG files by the names of SHEETS; one that is missing says so."""
    body = render("audit_findings.html.j2", findings=group_findings(findings))
    sections = [Section("findings", "Findings", body)]
    if charts:
        figures = [figure(title, chart, says=title) for title, chart in charts.items()]
        sections.append(
            Section(
                "scores",
                "Leaks and shift in numbers",
                render("figures.html.j2", figures=figures),
                says="orange: the interval leaves out what a clean contest would show",
            )
        )
    for key, (title, without) in SHEETS.items():
        path = sheets.get(key)
        source = read_sheet(path) if path is not None and path.exists() else ""
        body = render("audit_sheet.html.j2", title=title, source=source, without=without)
        sections.append(Section(key, title, body, is_open=bool(source)))
    sentence = (
        f"What could make a good score of the contest {contest} a false one: copies across folds, "
        f"leaks, a shift between train and test, wrong labels. Tables are in {folder}."
    )
    return build_page(
        title=f"{name}: the audit",
        lead=render("lead.html.j2", sentence=sentence),
        sections=sections,
        made=made,
        command=command,
    )


def group_findings(lines: Sequence[str]) -> list[dict]:
    """Lines that begin at the margin, each with the indented lines that follow it."""
    groups: list[dict] = []
    for line in lines:
        for part in line.splitlines():
            if part.startswith(" ") and groups:
                groups[-1]["details"].append(part.strip())
            else:
                groups.append({"line": part, "details": []})
    return groups
