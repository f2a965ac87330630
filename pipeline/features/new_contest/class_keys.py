"""A file that says which number is which class: `class_id,class_name`, or words in their order."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from pipeline.features.new_contest.label_choice import LabelChoice
from pipeline.features.new_contest.table_columns import known_values
from pipeline.features.new_contest.table_roles import TableFacts
from pipeline.features.new_contest.task_guess import TaskGuess
from pipeline.labels.number_words import is_number

NUMBER = re.compile(r"\d+")
PAIR = re.compile(r"(\d+)[\s:=.,)-]+(\S.*)")  # a line `0 old`, `0: old`
MOST_CLASSES = 2000
SHOWN = 6


@dataclass(frozen=True)
class ClassKey:
    """The file, and the word of each number in the order of the numbers."""

    name: str
    words: Mapping[int, str]

    @property
    def counts_from_0(self) -> bool:
        """Whether the numbers are 0, 1, 2, ..., the places of the words."""
        return list(self.words) == list(range(len(self.words)))

    def describe(self) -> str:
        """`0 is old, 1 is young`."""
        pairs = [f"{number} is {word}" for number, word in self.words.items()]
        return ", ".join(pairs[:SHOWN]) + (", ..." if pairs[SHOWN:] else "")


def find_class_keys(
    tables: Sequence[TableFacts], lines: Mapping[str, Sequence[str]]
) -> list[ClassKey]:
    """The tables of a number and a word a row, and the files of a word a line, counted from 0."""
    found = []
    for facts in tables:
        if len(facts.frame) <= MOST_CLASSES:
            found += _keys_of_table(facts)
    for name, values in lines.items():
        found += _key_of_lines(name, list(values))
    return found


def with_key(
    task: TaskGuess, choice: LabelChoice, keys: Sequence[ClassKey], *, sample: pd.DataFrame | None
) -> tuple[TaskGuess, str]:
    """The task with its classes in the order of a key that has the same words, where the sample
    holds numbers or a probability of the second one; and the file, or ''.

    Raises ValueError where sample and train table have the words and the numbers of a key crosswise
    and the answers can't be written from it.
    """
    column = choice.answer_column or task.column
    classes = list(task.label.classes)
    if sample is None or column not in sample.columns or task.columns or not classes:
        return task, ""
    asked = list(dict.fromkeys(known_values(sample[column])))
    if not asked:
        return task, ""
    asks_numbers = all(is_number(value) for value in asked)
    has_numbers = all(is_number(value) for value in classes)
    if asks_numbers == has_numbers:
        return task, ""
    if asks_numbers:
        key = _key_of_words(keys, classes)
        if key is None:
            return task, ""
        spelt = {word.casefold(): word for word in classes}
        if key.counts_from_0:
            ordered = tuple(spelt[word.casefold()] for word in key.words.values())
            why = f"{len(ordered)} words, in the order of their numbers in {key.name}"
            return replace(task, label=replace(task.label, classes=ordered, why=why)), key.name
        raise ValueError(
            f"new: the sample asks for numbers in {column}, and {key.name} says which they are "
            f"({key.describe()}): write them into the train table's {task.column} in place of the "
            "words, and type the same again"
        )
    key = _key_of_numbers(keys, classes, asked)
    where = "which is which stands in no file here"
    if key is not None:
        where = f"{key.name} says which is which ({key.describe()})"
    raise ValueError(
        f"new: the sample asks for words in {column} ({', '.join(asked[:3])}), and the train "
        f"table's {task.column} holds the numbers {', '.join(classes[:SHOWN])}; {where}: write the "
        "words into the train table in place of the numbers, and type the same again"
    )


def _key_of_words(keys: Sequence[ClassKey], classes: Sequence[str]) -> ClassKey | None:
    wanted = {word.casefold() for word in classes}
    for key in keys:
        if {word.casefold() for word in key.words.values()} == wanted:
            return key
    return None


def _key_of_numbers(
    keys: Sequence[ClassKey], classes: Sequence[str], asked: Sequence[str]
) -> ClassKey | None:
    numbers = {int(float(value)) for value in classes}
    for key in keys:
        words = {word.casefold() for word in key.words.values()}
        if numbers <= set(key.words) and {word.casefold() for word in asked} <= words:
            return key
    return None


def _keys_of_table(facts: TableFacts) -> list[ClassKey]:
    frame = facts.frame
    header = [str(column) for column in frame.columns]
    if len(header) == 1:
        return _key_of_lines(facts.name, [*header, *frame.iloc[:, 0]]) + _key_of_lines(
            facts.name, list(frame.iloc[:, 0])
        )
    columns = {name: [value.strip() for value in frame[name]] for name in header}
    if any(NUMBER.fullmatch(name) for name in header) and len(header) == 2:  # no header line
        columns = {name: [name, *values] for name, values in columns.items()}
    found = []
    for numbers in columns.values():
        for words in columns.values():
            found += _pair(facts.name, numbers, words)
    return found


def _key_of_lines(name: str, values: Sequence[str]) -> list[ClassKey]:
    plain = [value.strip() for value in values]
    pairs = [PAIR.fullmatch(value) for value in plain]
    if all(pairs):
        found = [pair.groups() for pair in pairs if pair is not None]
        return _pair(name, [number for number, _ in found], [word for _, word in found])
    return _pair(name, [str(place) for place in range(len(plain))], plain)


def _pair(name: str, numbers: Sequence[str], words: Sequence[str]) -> list[ClassKey]:
    """A key where each row has another number and another word; else nothing."""
    if not all(NUMBER.fullmatch(number) for number in numbers):
        return []
    if not all(words) or any(is_number(word) for word in words):
        return []
    if len({int(number) for number in numbers}) < len(numbers) or len(set(words)) < len(words):
        return []
    return [ClassKey(name, dict(sorted(zip(map(int, numbers), words, strict=True))))]
