"""Metrics by the words of a description."""

import pytest

from pipeline.features.new_contest.metric_hints import metric_in_text, metric_of_texts


@pytest.mark.parametrize(
    ("text", "kind", "metric"),
    [
        (
            "Submissions are evaluated on the quadratic weighted kappa.",
            "multiclass",
            "quadratic_kappa",
        ),
        ("scored by multi-class logarithmic log loss", "multiclass", "log_loss"),
        ("area under the ROC curve", "binary", "roc_auc"),
        ("AUC averaged over classes", "multiclass", "macro_roc_auc"),
        ("Macro F1-score", "multiclass", "macro_f1"),
        ("the F1 score", "binary", "f1"),
        ("the F1 score", "multiclass", "macro_f1"),
        ("root mean squared error", "regression", "rmse"),
        ("RMSLE", "regression", "rmsle"),
        ("Mean Absolute Error in years", "regression", "mae"),
        ("MAP@5", "multiclass", "map@5"),
        ("categorization accuracy", "binary", "accuracy"),
        ("half total error rate (HTER)", "binary", "hter"),
        ("accuracy", "regression", None),
        ("nothing of the kind", "binary", None),
    ],
)
def test_words_of_a_description_are_metrics(text: str, kind: str, metric: str | None) -> None:
    assert metric_in_text(text, kind=kind) == metric


def test_words_beside_evaluation_count_and_others_do_not() -> None:
    texts = {"README.md": "Our baseline had an accuracy of 0.9." + "x" * 500 + "Metric: macro F1"}
    found = metric_of_texts(texts, kind="multiclass")
    assert found is not None
    assert found.value == "macro_f1"
    assert "README.md" in found.why
    assert metric_of_texts({"README.md": "accuracy was 0.9 for us"}, kind="binary") is None
