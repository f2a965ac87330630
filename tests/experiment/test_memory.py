from types import SimpleNamespace

import pytest
import torch

from pipeline.experiment import memory
from pipeline.experiment.memory import enough_memory, limit_workers

MB = 2**20


@pytest.mark.parametrize(("free", "number"), [(64, 1), (59, 0), (10_000, 12)])
def test_loader_processes_fit_into_shared_memory(
    free: int, number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usage = SimpleNamespace(free=free * MB)
    monkeypatch.setattr(memory, "SHARED", memory.Path("/"))
    monkeypatch.setattr(memory.shutil, "disk_usage", lambda _: usage)
    memory._say_once.cache_clear()
    for _ in range(2):
        assert limit_workers(12, batch_bytes=10 * MB) == number
    said = capsys.readouterr().out
    assert said.count("loader processes") == (number < 12)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_a_full_device_says_what_to_set_smaller(error: RuntimeError) -> None:
    with (
        pytest.raises(ValueError, match=r"memory is full .*members\.age\.batch_size=32$"),
        enough_memory("members.age.batch_size", 64),
    ):
        raise error


def test_another_error_goes_through() -> None:
    with pytest.raises(RuntimeError, match="another"), enough_memory("infer.batch_size", 64):
        raise RuntimeError("another")
