"""transfer: weights trained in one contest scored on another that has the same task.

All labelled images of this contest are new to them, so every cell of the other experiment
answers every image, and the answers are averaged.
"""

from pipeline.experiment.fingerprints import transfer_key
from pipeline.experiment.grouping import read_grouping
from pipeline.experiment.images_table import read_labelled
from pipeline.experiment.work import Work
from pipeline.features.transfer.score_source import score_source
from pipeline.features.transfer.source import check_source, read_source
from pipeline.labels.answer_groups import is_grouped, say_alone
from pipeline.labels.units import count_words
from pipeline.storage import display_path, stamp, write_table


def check(work: Work) -> None:
    """Raises ValueError when the source is not trained or shares no task with this contest."""
    source = read_source(work.settings, work.runs)
    check_source(work.settings, work.runs, source)


def run(work: Work) -> None:
    """Writes the scores of the source's members on this contest, and prints them."""
    settings, runs = work.settings, work.runs
    source = read_source(settings, runs)
    scores = score_source(settings, runs, source)
    path = runs.transfer(source.name)
    write_table(path, scores)
    stamp(path, transfer_key(settings, runs))
    unit = read_grouping(runs).unit
    for row in scores.to_dict("records"):
        print(
            f"transfer: {row['source']} on {settings.competition.name}: {row['task']} "
            f"{row['metric']} {row['value']:.4f} (95 % {row['low']:.4f}..{row['high']:.4f}, "
            f"{count_words(row['num_images'], row['num_people'], unit)})"
        )
    if is_grouped(read_labelled(runs)):
        print(f"transfer: {say_alone('scored', per=settings.competition.answered_per)}")
    print(f"transfer: wrote {display_path(path)}")
