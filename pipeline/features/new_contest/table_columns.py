"""What each column of a table is, by its name and by its values."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.features.new_contest.guess import Guess
from pipeline.features.new_contest.meeting import Meeting
from pipeline.labels.layouts import IMAGE_ENDINGS
from pipeline.labels.tasks import MISSING_WORDS

NOBODY = ("unknown", "-1", *MISSING_WORDS)
PERSON_NAME = re.compile(
    r"(person|subject|identity|identities|celeb\w*|who|people|actor|individual|user|patient|family"
    r"|client|speaker|participant)([ _-]?(id|name|no|num|number))?|pid|uid|sid|names?|identity_id"
)
SPLIT_NAME = re.compile(r"usage|split|partition|set|subset|part|phase|data_?set|train_?test|mode")
FOLD_NAME = re.compile(r"k?_?folds?([ _-]?(id|no|num|number))?")
BIRTH_NAME = re.compile(r"dob|(date_?of_?)?birth(_?(date|day|year))?|(year_?of_?)birth|born|yob")
# what a column beside the label mostly is: boxes, landmarks, sizes, where an image came from
HELPER_NAME = re.compile(
    r"(left|right)?_?(eye|nose|mouth|lips?|chin|ear|brow)(_?(left|right|center|centre|top|bottom))?"
    r"_?[xy]|(left|right)(eye|mouth)_?[xy]|nose_?[xy]|landmarks?\w*"
    r"|(image_?|img_?)?(width|height|w|h|size|file_?size)|x|y|dx|dy"
    r"|(second_)?face_score\w*|face_(id|location)|num_\w+|\w*_std|\w*_count"
    r"|\w*(confidence|agreement|votes)\w*|\w+_prob(ability)?"
    r"|\w*url\w*|link|md5|sha\w*|hash|date\w*|dob|year|photo_taken|timestamp|time|source|camera"
    r"|licen[cs]e|tint\w*|tilt_ang|fiducial_\w+|service_test|unnamed.*|index|row|row_?id|no|number"
    r"|rater\w*|annotator\w*|worker\w*|comments?|notes?|original|type_of_\w+|md5_hash"
)
BOXES = (  # four columns of a face's box, and their form
    (("x1", "y1", "x2", "y2"), "corners"),
    (("xmin", "ymin", "xmax", "ymax"), "corners"),
    (("x_min", "y_min", "x_max", "y_max"), "corners"),
    (("left", "top", "right", "bottom"), "corners"),
    (("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2"), "corners"),
    (("face_x1", "face_y1", "face_x2", "face_y2"), "corners"),
    (("x", "y", "dx", "dy"), "size"),
    (("x", "y", "w", "h"), "size"),
    (("x", "y", "width", "height"), "size"),
    (("left", "top", "width", "height"), "size"),
    (("x_1", "y_1", "width", "height"), "size"),
    (("bbox_x", "bbox_y", "bbox_w", "bbox_h"), "size"),
    (("face_x", "face_y", "face_width", "face_height"), "size"),
)
TRAIN_WORDS = (
    *("train", "training", "tr", "learn", "trainset", "trainval"),
    *("entrenamiento", "entraînement", "entrainement", "apprentissage", "treino", "treinamento"),
    *(
        "addestramento",
        "обучение",
        "обучающая",
        "训练",
        "训练集",
        "訓練",
        "訓練集",
        "学習",
        "학습",
        "훈련",
    ),
)
VALID_WORDS = (
    *("val", "valid", "validation", "dev", "validate", "valset"),
    *("validación", "validacion", "validação", "validacao", "validazione", "validierung"),
    *("валидация", "验证", "验证集", "驗證", "検証", "검증"),
)
TEST_WORDS = (
    *("test", "testing", "eval", "evaluation", "privatetest", "private", "testset"),
    *("prueba", "pruebas", "teste", "prova", "essai", "тест", "тестовая"),
    *("测试", "测试集", "測試", "測試集", "テスト", "테스트", "시험"),
)
HELD_WORDS = ("publictest", "public", "gallery", "unused")
LEAST_PIXELS = 64  # numbers in a cell that are an image
FEW_IMAGES, MANY_IMAGES = 1.4, 200.0  # of a person, on average


@dataclass(frozen=True)
class SplitColumn:
    """A column whose values say of which part a row is."""

    column: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    leave_out: tuple[str, ...] = ()


def known_values(values: pd.Series) -> pd.Series:
    """The values that say something, without blanks around them.

    `none` says something beside other words: a mask is worn, worn wrongly, or none.
    """
    texts = values.astype(str).str.strip()
    plain = texts.str.casefold()
    missing = plain.isin(MISSING_WORDS)
    is_none = plain == "none"
    if is_none.any():
        others = texts[~missing]
        if len(others) and pd.to_numeric(others, errors="coerce").isna().all():
            missing &= ~is_none
    return texts[~missing]


def find_path_column(frame: pd.DataFrame, meetings: Mapping[str, Meeting]) -> str | None:
    """The column that names the images; None where no column does.

    Bare numbers must hardly repeat: labels 1 to 7 are the names of images 1.jpg to 7.jpg too.
    """
    best, most = None, 0.0
    for column, meeting in meetings.items():
        if meeting.share < 0.3 or meeting.distinct < 2:
            continue
        texts = frame[column].astype(str).str.strip()
        bare_numbers = bool(texts.str.fullmatch(r"\d+(\.0+)?").all())
        if bare_numbers and meeting.distinct < 0.9 * len(frame):
            continue
        score = meeting.share * meeting.distinct
        if texts.str.lower().str.endswith(IMAGE_ENDINGS).mean() > 0.5:
            score *= 1.01  # of an id and a file's name, the name
        if score > most * 1.001:
            best, most = column, score
    return best


def find_pixels(frame: pd.DataFrame) -> str | None:
    """The column whose cells are images: many whole numbers from 0 to 255, parted by blanks."""
    for column in frame.columns:
        some = frame[column].head(3).astype(str)
        if len(some) and all(_is_pixels(cell) for cell in some):
            return str(column)
    return None


def find_box(columns: Sequence[str]) -> tuple[tuple[str, ...], str] | None:
    """The four columns of a face's box as the table spells them, and `corners` or `size`."""
    spelt = {column.strip().casefold(): column for column in columns}
    for names, form in BOXES:
        if all(name in spelt for name in names):
            return tuple(spelt[name] for name in names), form
    return None


def find_split(frame: pd.DataFrame, *, used: Sequence[str]) -> SplitColumn | None:
    """The column that tells train rows from test rows; None where there is none."""
    for column in frame.columns:
        if column in used or not SPLIT_NAME.fullmatch(column.strip().casefold()):
            continue
        found = _split_by_words(column, list(dict.fromkeys(known_values(frame[column]))))
        if found is not None:
            return found
    return None


def _split_by_words(column: str, values: list[str]) -> SplitColumn | None:
    if set(values) == {"0", "1", "2"} and column.strip().casefold() == "partition":
        return SplitColumn(column, ("0", "1"), ("2",))  # CelebA: train, valid, test
    parts: dict[str, list[str]] = {"train": [], "test": [], "held": []}
    for value in values:
        word = re.sub(r"[ _-]", "", value.casefold())
        if word in TRAIN_WORDS or word in VALID_WORDS:
            parts["train"].append(value)
        elif word in TEST_WORDS:
            parts["test"].append(value)
        elif word in HELD_WORDS:
            parts["held"].append(value)
        else:
            return None
    if not parts["train"] or not (parts["test"] or parts["held"]):
        return None
    if not parts["test"]:
        parts["test"], parts["held"] = parts["held"], []
    return SplitColumn(column, tuple(parts["train"]), tuple(parts["test"]), tuple(parts["held"]))


def find_person(frame: pd.DataFrame, *, used: Sequence[str]) -> tuple[Guess[str], bool] | None:
    """The column that says who is in an image, and whether its name says so too.

    Its values must repeat as people do: several images for most, and many different ones.
    """
    by_values: tuple[Guess[str], bool] | None = None
    for column in frame.columns:
        if column in used:
            continue
        values = known_values(frame[column])
        values = values[~values.str.casefold().isin(NOBODY)]
        people = values.nunique()
        if people < 3:
            continue
        each = len(values) / people
        named = PERSON_NAME.fullmatch(column.strip().casefold()) is not None
        if named and (each <= MANY_IMAGES):
            why = f"{people} different values in {len(values)} rows, as people have"
            return Guess(column, why), True
        looks = FEW_IMAGES <= each <= MANY_IMAGES / 4 and people > 0.02 * len(values)
        if (
            looks
            and people > 10
            and not is_helper(column)
            and not _are_decimals(values)
            and by_values is None
        ):
            why = f"{people} values that repeat, {each:.1f} rows each: are they people?"
            by_values = Guess(column, why), False
    return by_values


def is_helper(column: str) -> bool:
    """Whether a column's name says that it stands beside the label."""
    word = column.strip().casefold()
    return HELPER_NAME.fullmatch(word) is not None or FOLD_NAME.fullmatch(word) is not None


def _is_pixels(cell: str) -> bool:
    words = cell.split()
    if len(words) < LEAST_PIXELS:
        return False
    return all(re.fullmatch(r"\d{1,3}(\.0+)?", word) for word in words)


def _are_decimals(values: pd.Series) -> bool:
    numbers = pd.to_numeric(values, errors="coerce")
    return bool(numbers.notna().all() and (numbers % 1 != 0).any())
