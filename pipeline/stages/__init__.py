"""The commands: one file a stage.

A stage's module has `run(work)` and, where it can fail on what the user asked for, `check(work)`,
which costs seconds at most and is called before any stage starts.
"""

from pipeline.stages.registry import STAGES, Stage, plan_stages

__all__ = ["STAGES", "Stage", "plan_stages"]
