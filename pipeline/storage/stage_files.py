"""Files of one experiment's stages, by the stage that writes them."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.config import fingerprint_of


class StageFiles:
    """Where the stages beside training keep what they make; Runs is this and the data's paths."""

    experiment: Path  # the experiment's own folder
    _runs: Path  # below which all artefacts lie but the submissions

    @property
    def forecast(self) -> Path:
        """What plan forecast for this experiment's jobs."""
        return self.experiment / "plan.json"

    def stack(self, name: str) -> Path:
        """`stack.csv`, the layers that stack tried, or `stack.json`, what they learnt."""
        return self.experiment / name

    def transfer(self, source: str) -> Path:
        """The scores of another experiment's weights on this contest."""
        return self.experiment / f"transfer-{source}.csv"

    def explored(self, name: str) -> Path:
        """A figure, sheet or table of the explore stage."""
        return self.experiment / "explore" / name

    def auto(self, name: str) -> Path:
        """What auto tried and decided."""
        return self.experiment / "auto" / name

    @property
    def auto_config(self) -> Path:
        """The experiment that auto came to, as a config to go on from."""
        return self.experiment / "auto.yaml"

    def audited(self, name: str) -> Path:
        """A table, sheet or figure of the audit stage."""
        return self.experiment / "audit" / name

    @property
    def lockbox_scores(self) -> Path:
        """What the experiment scored on the lockbox."""
        return self.experiment / "lockbox.json"

    @property
    def lockbox_answers(self) -> Path:
        """What the experiment answered there, as the metric looks at it."""
        return self.experiment / "lockbox.parquet"

    @property
    def report(self) -> Path:
        """The page that shows the experiment."""
        return self.experiment / "report.html"

    def report_of(self, names: Sequence[str]) -> Path:
        """The page that puts experiments beside each other."""
        name = "-".join(names)
        short = name if len(name) <= 120 else f"{name[:100]}-{fingerprint_of(list(names))}"
        return self._runs / f"report-{short}.html"

    def explained(self, name: str) -> Path:
        """A table, curve or sheet of the explain stage."""
        return self.experiment / "explain" / name

    def predicted(self, name: str) -> Path:
        """An annotated image, or the table, of the predict stage."""
        return self.experiment / "predict" / name

    def exported(self, name: str) -> Path:
        """A model of the export stage, or what is known of all of them."""
        return self.experiment / "export" / name

    def shared(self, name: str) -> Path:
        """A file of the folder that share makes ready for others."""
        return self.experiment / "share" / name

    def bundled(self, name: str) -> Path:
        """A file of the folder that answers a hidden test elsewhere; '' is the folder."""
        return self.experiment / "bundle" / name

    def tracked(self, tracker: str) -> Path:
        """Where a tracker of live curves writes."""
        return self.experiment / "track" / tracker

    def tuned(self, name: str, *, member: str) -> Path:
        """What tune wrote about one member."""
        return self.experiment / "tune" / member / name

    def compared(self, pair: str, name: str) -> Path:
        """What compare wrote about some answers."""
        return self._runs / "compare" / pair / name

    @property
    def study(self) -> Path:
        """The Optuna studies of an experiment."""
        return self.experiment / "tune" / "study.db"
