"""Whether a device's memory is full: torch says it in one way, the libraries below it in others."""

import torch

MESSAGES = (  # cuBLAS and cuDNN take memory of their own; they fail first where several share a GPU
    "out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that the device's memory is full, by its kind or by its words: newer
    torch has more kinds, all of them RuntimeErrors."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in MESSAGES)
