"""draw: the sample contest's people, drawn with a seed, for a machine without data."""

from pipeline.runs import shown
from pipeline.stages import Work


def run(work: Work) -> None:
    from pipeline.drawing.contest import draw_contest

    drawn = work.settings.competition.drawn
    counts = draw_contest(
        work.runs.root, num_people=drawn.people, num_test_people=drawn.test_people, seed=drawn.seed
    )
    said = ", ".join(f"{number} {what}" for what, number in counts.items())
    print(f"draw: {said} in {shown(work.runs.root)}")
