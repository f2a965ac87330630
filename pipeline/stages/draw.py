"""draw: the sample contest's people, drawn with a seed, for a machine without data."""

from pipeline.experiment.work import Work
from pipeline.storage import display_path


def run(work: Work) -> None:
    """Writes the images and the label table of the drawn contest."""
    from pipeline.sample.contest import draw_contest

    drawn = work.settings.competition.drawn
    assert drawn is not None, "only contests that are drawn have this stage"
    counts = draw_contest(
        work.runs.root, num_people=drawn.people, num_test_people=drawn.test_people, seed=drawn.seed
    )
    said = ", ".join(f"{number} {what}" for what, number in counts.items())
    print(f"draw: {said} in {display_path(work.runs.root)}")
