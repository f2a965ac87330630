"""An Optuna study of one member over ranges of settings: resumable, SQLite, one file a run."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import torch

from pipeline.config import Experiment, fingerprint_of
from pipeline.experiment.fingerprints import study_base
from pipeline.features.tuning.ranges import Choices, Range, ends_of, read_range
from pipeline.features.tuning.trials import changed_trial, run_trial
from pipeline.storage import Runs, write_json, write_table

if TYPE_CHECKING:
    import optuna


def read_ranges(settings: Experiment, *, member: str) -> dict[str, Range | Choices]:
    """The study's ranges. Raises ValueError, one sentence a line, for what can't be varied."""
    written = settings.tune.ranges or {
        f"members.{member}.lr": (1e-5, 1e-2, "log"),
        f"members.{member}.weight_decay": (1e-5, 1e-1, "log"),
    }
    spans, problems = {}, []
    for key, words in written.items():
        try:
            if not key.startswith((f"members.{member}.", "crop.")):
                raise ValueError(
                    f"{key}: a study of member {member} can vary members.{member}.* and crop.*"
                )
            spans[key] = read_range(key, words)
            for value in ends_of(spans[key]):
                changed_trial(settings, {key: value}, member=member)
        except ValueError as error:
            line = str(error)
            problems.append(line if line.startswith("tune.") else f"tune.ranges: {line}")
    if problems:
        raise ValueError("\n".join(problems))
    return spans


def run_study(
    settings: Experiment,
    runs: Runs,
    *,
    member: str,
    device: torch.device,
    precision: str,
    prepare: Callable[[Experiment, Runs], None],
) -> dict:
    """Brings the study to the number of trials asked for; gives its best, and writes trials.csv.

    Each draw depends on the seed and the finished trials alone, so a study that was interrupted
    makes the same trials as one that was not.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    tune = settings.tune
    spans = read_ranges(settings, member=member)
    base = {} if tune.epochs is None else {f"members.{member}.epochs": tune.epochs}
    recipe = [
        study_base(settings, runs),
        settings.members[member].model_dump(mode="json"),
        base,
    ]
    spans_said = {key: repr(span) for key, span in spans.items()}
    runs.study.parent.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        storage=f"sqlite:///{runs.study}",
        study_name=f"{member}-{fingerprint_of([recipe, spans_said, list(tune.folds), tune.seed])}",
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(),
        load_if_exists=True,
    )
    states = optuna.trial.TrialState
    for left in study.get_trials(deepcopy=False, states=(states.RUNNING, states.WAITING)):
        study.tell(left.number, state=states.FAIL)  # a killed run left it; it is drawn again
    ended = (states.COMPLETE, states.PRUNED)
    finished = len(study.get_trials(deepcopy=False, states=ended))
    if finished:
        print(f"tune: the study goes on after {finished} trials")
    for number in range(finished, tune.trials):
        study.sampler = optuna.samplers.TPESampler(seed=tune.seed * 100_003 + number)
        if number == 0:
            study.enqueue_trial(_as_they_are(settings, spans))
        trial = study.ask()
        changes = {key: _suggest(trial, key, span) for key, span in spans.items()}

        def after_fold(step: int, score: float, *, trial: optuna.Trial = trial) -> bool:
            trial.report(score, step)
            return trial.should_prune() and step + 1 < len(tune.folds)

        outcome = run_trial(
            settings,
            base | changes,
            member=member,
            folds=tune.folds,
            device=device,
            precision=precision,
            prepare=prepare,
            after_fold=after_fold,
        )
        trial.set_user_attr("folder", outcome.folder)
        trial.set_user_attr("metric", outcome.metric)
        if outcome.broken is None:
            study.tell(trial, outcome.score)
        else:
            study.tell(trial, state=states.PRUNED)
        said = ", ".join(f"{key.rpartition('.')[2]} {_short(v)}" for key, v in changes.items())
        result = outcome.broken or f"{outcome.metric} {abs(outcome.score):.4f}"
        print(f"tune: trial {number + 1} of {tune.trials}: {said}: {result}", flush=True)
    return _study_facts(runs, study, spans, member=member, ended=ended)


def _study_facts(
    runs: Runs, study: "optuna.Study", spans: Mapping, *, member: str, ended: tuple
) -> dict:
    trials = study.get_trials(deepcopy=False, states=ended)
    rows = [
        {"trial": number, "state": trial.state.name.lower(), "score": trial.value}
        | {key: trial.params.get(key) for key in spans}
        | {"metric": trial.user_attrs.get("metric"), "folder": trial.user_attrs.get("folder")}
        for number, trial in enumerate(trials)
    ]
    write_table(runs.tuned("trials.csv", member=member), pd.DataFrame(rows))
    done = [trial for trial in trials if trial.value is not None and trial.state == ended[0]]
    facts: dict[str, object] = {"finished": len(trials), "best": None, "shipped": None}
    if done:
        best = max(done, key=lambda trial: trial.value or 0.0)
        values = {}
        for key, span in spans.items():
            drawn = best.params[key]
            values[key] = span.value(drawn) if isinstance(span, Choices) else drawn
            values[key] = _typed(drawn) if isinstance(values[key], float) else values[key]
        facts |= {"best": values, "value": best.value, "metric": best.user_attrs["metric"]}
        facts["shipped"] = trials[0].value if trials[0] in done else None
    write_json(runs.tuned("study.json", member=member), facts)
    return facts


def _suggest(trial: "optuna.Trial", key: str, span: Range | Choices) -> Any:
    if isinstance(span, Choices):
        return span.value(trial.suggest_categorical(key, span.names))
    if span.whole:
        return trial.suggest_int(key, int(span.low), int(span.high), log=span.log)
    return _typed(trial.suggest_float(key, span.low, span.high, log=span.log))


def _typed(value: float) -> float:
    """Four digits: what is tried is what a user then types."""
    return float(f"{value:.4g}")


def _as_they_are(settings: Experiment, spans: Mapping[str, Range | Choices]) -> dict[str, Any]:
    """The settings' own values, as far as the ranges hold them: the study's first trial."""
    raw = settings.model_dump(mode="json")
    own = {}
    for key, span in spans.items():
        value: Any = raw  # the settings as plain values, then what the key leads to
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(span, Range):
            fits = isinstance(value, int | float) and span.low <= value <= span.high
        else:
            value = json.dumps(value) if isinstance(value, list | dict) else value
            fits = value in span.names
        if fits:
            own[key] = value
    return own


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
