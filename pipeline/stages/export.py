"""export: every member and the whole ensemble as files that run without this project, from uint8
face crops to probabilities, each checked against what infer says."""

from collections.abc import Mapping

from pipeline.experiment.work import Work
from pipeline.features.export.write_models import check_export_packages, export_models
from pipeline.stages.status import say_untrained
from pipeline.storage import display_path


def check(work: Work) -> None:
    """Raises ValueError for a format there is not, or where a package is missing."""
    read_formats(work.options)
    check_export_packages(read_formats(work.options))
    say_untrained(work, "export")


def read_formats(options: Mapping[str, str]) -> list[str]:
    """The formats asked for, all when none is named."""
    from pipeline.features.export.names import FORMATS

    asked = [word for word in options.get("formats", ",".join(FORMATS)).split(",") if word]
    for word in asked:
        if word not in FORMATS:
            raise ValueError(
                f"export: formats={word}; allowed: {', '.join(FORMATS)}, commas between"
            )
    return asked


def run(work: Work) -> None:
    """Writes the models in each format, checked, and says how far they are from torch."""
    formats = read_formats(work.options)
    facts = export_models(work.settings, work.runs, formats, command=work.command)
    for row in facts["files"]:
        print(
            f"export: {row['file']}: {row['megabytes']:.1f} MB, at most {row['apart']:.1e} from "
            f"{row['against']} on {row['crops']} crops, {row['speed']:.2f} times as fast as torch"
        )
    print(
        "export: what goes in and comes out is in "
        f"{display_path(work.runs.exported('export.json'))}"
    )
