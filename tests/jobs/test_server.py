"""The process from which others are forked: it ignores Ctrl-C and leaves the environment alone."""

import os
import signal

from pipeline.jobs import server


def test_interrupts_are_heard_again_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    with server._ignored_interrupts():
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) == before


def test_the_environment_is_as_before() -> None:
    before = dict(os.environ)
    with server._environment(OMP_NUM_THREADS="3", PIPELINE_TEST_ONLY="x"):
        assert os.environ["OMP_NUM_THREADS"] == "3"
    assert dict(os.environ) == before


def test_jobs_without_torch_need_no_server() -> None:
    context = server.process_context(imports_torch=False, threads=1)
    assert context.get_start_method() == "spawn"
