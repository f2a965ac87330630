"""train: every cell (member x fold x seed) that is not done yet, one after the other."""

import json
import time

from pipeline.runs import provenance, shown, write_json, write_text
from pipeline.stages import Work
from pipeline.stages.progress import all_cells


def check(work: Work) -> None:
    """Raises ValueError, one sentence a line, for a backbone or recipe that can't be built."""
    from pipeline.images.augment import build_augment
    from pipeline.learning.network import check_freeze
    from pipeline.learning.weights import check_backbone, check_weights
    from pipeline.stages.members import choose_device

    problems = []
    for name, member in work.settings.members.items():
        for key, test in (
            ("backbone", lambda member=member: check_backbone(member.backbone)),
            (
                "weights",
                lambda member=member: check_weights(member.backbone, weights=member.weights),
            ),
            ("freeze", lambda member=member: check_freeze(member.backbone, number=member.freeze)),
            ("augment", lambda member=member: build_augment(member.augment)),
        ):
            try:
                test()
            except ValueError as error:
                problems.append(f"members.{name}.{key}: {error}")
                if key == "backbone":
                    break  # what follows would only say the same again
    try:
        choose_device(work.settings)
    except ValueError as error:
        problems.append(str(error))
    if problems:
        raise ValueError("\n".join(problems))


def run(work: Work) -> None:
    from pipeline.stages.cell import train_cell
    from pipeline.stages.members import choose_device, read_labelled

    device, precision = choose_device(work.settings)
    _record(work, device=f"{device} {precision}")
    cells = all_cells(work.settings)
    missing = [cell for cell in cells if not work.runs.done(cell).exists()]
    if len(missing) < len(cells):
        print(f"train: {len(cells) - len(missing)} of {len(cells)} cells are done already")
    pictures = read_labelled(work.runs)
    started = time.monotonic()
    for number, cell in enumerate(missing, start=1):
        facts = train_cell(work, cell, pictures=pictures, device=device, precision=precision)
        minutes = (time.monotonic() - started) / 60.0
        print(
            f"train: {cell.name} ({number} of {len(missing)}): best epoch {facts['best_epoch']} of "
            f"{facts['num_epochs']}, {facts['decided_by']} {facts['best_value']:.4f}, "
            f"{facts['images_per_second']:.0f} pictures/s; {minutes:.1f} min so far"
        )
    print(
        f"train: {len(cells)} cells done; weights and OOF tables in {shown(work.runs.experiment)}"
    )


def _record(work: Work, *, device: str) -> None:
    """Writes what the run is made from, before the first batch; later commands are added to it."""
    from pipeline.config import write_settings

    write_text(work.runs.settings, write_settings(work.settings))
    facts = provenance(work.command, device=device) | {"fixes": work.runs.fixes_digest}
    earlier = []
    if work.runs.provenance.exists():
        earlier = json.loads(work.runs.provenance.read_text())["runs"]
    write_json(work.runs.provenance, {"runs": [*earlier, facts]})
