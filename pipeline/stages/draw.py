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
    print(
        f"draw: {counts['num_people']} people in {counts['num_images']} images to learn from, and "
        f"{counts['num_test_people']} in {counts['num_test_images']} to answer, in "
        f"{display_path(work.runs.root)}"
    )
