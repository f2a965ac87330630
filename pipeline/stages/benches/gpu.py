"""gpu: the whole GPU column in at most nine minutes; what no time is left for is said."""

import time
from dataclasses import replace

import torch

from pipeline.stages.benches import Asked, Row, crop, gpu_cells, gpu_feed, gpu_infer, gpu_step

MOST_SECONDS = 510.0  # after which no further part is begun
PARTS = (  # with the seconds that each is expected to take at most
    (gpu_feed.run, 150.0),
    (gpu_step.run, 60.0),
    (gpu_infer.run, 60.0),
    (gpu_cells.run, 100.0),
    (crop.run, 90.0),
)


def run(asked: Asked) -> list[Row]:
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    asked = replace(asked, device="cuda", num=asked.num or 240)
    started, rows = time.monotonic(), []
    for part, seconds in PARTS:
        name = part.__module__.rpartition(".")[2]
        if time.monotonic() - started + seconds > MOST_SECONDS:
            rows.append(Row(name=name, unit="", agree="left out: no time left"))
            continue
        print(f"bench: {name} ...", flush=True)
        rows += part(asked)
    return rows
