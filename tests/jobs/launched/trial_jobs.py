"""Jobs for the tests of launchers, in a folder of their own because other processes import them."""

import os
import signal
import time
from pathlib import Path

from pipeline.experiment.work import Work


def leave_a_file(work: Work, *, path: Path, seconds: float = 0.0) -> int:
    time.sleep(seconds)
    path.write_text("here")
    print("left one")
    return os.getpid()


def fail(work: Work) -> None:
    raise ZeroDivisionError("by nothing")


def die(work: Work) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def say_environment(work: Work) -> list:
    import torch
    from tqdm import tqdm

    from pipeline.experiment.device import choose_device

    choose_device(work.settings)
    return [torch.get_num_threads(), tqdm(total=1).disable, os.environ["OMP_NUM_THREADS"]]


def say_threads(work: Work) -> list:
    import cv2
    import torch

    keys = ("OMP_NUM_THREADS", "TORCHINDUCTOR_COMPILE_THREADS")
    return [torch.get_num_threads(), cv2.getNumThreads(), *(os.environ[key] for key in keys)]
