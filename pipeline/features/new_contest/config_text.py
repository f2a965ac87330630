"""The text of a config from a draft and a recipe."""

from collections.abc import Sequence

from pipeline.features.new_contest.draft import Draft
from pipeline.features.new_contest.strong_recipe import Setting, Size, recipe_entries
from pipeline.features.new_contest.yaml_writer import Entry, flow, write_yaml

EDITOR = "# yaml-language-server: $schema={schema}\n"


def config_text(
    draft: Draft, setting: Setting, size: Size, *, root: str, command: str, schema: str
) -> str:
    """The whole file: competition and experiment."""
    head = EDITOR.format(schema=schema)
    head += f"# Written by `{command}`: what lies in the folder, a reason behind each line.\n"
    head += "# Every line is a guess that you may change; what is to be looked at:\n"
    head += _doubts(draft.doubts)
    competition = [
        Entry("layout", draft.layout),
        Entry("root", root, "the folder; all paths below start from it"),
        *draft.contest,
    ]
    body = [Entry("competition", competition), *recipe_entries(setting, size)]
    return head + write_yaml(body)


def shipped_head(*, command: str, schema: str, title: str, why: str) -> str:
    """The first lines above a shipped contest's text."""
    return (
        EDITOR.format(schema=schema)
        + f"# Written by `{command}`: this is {title}, known by {why}.\n"
    )


def quoted(root: str) -> str:
    """A root as it stands in the file."""
    return flow(root)


def _doubts(doubts: Sequence[str]) -> str:
    if not doubts:
        return "#   only `metric`: it is the line that most often has to be changed\n"
    said = ""
    for doubt in doubts:
        first, *others = write_yaml([Entry(why=doubt)]).splitlines()
        said += first.replace("# ", "# - ", 1) + "\n"
        said += "".join(line.replace("# ", "#   ", 1) + "\n" for line in others)
    return said
