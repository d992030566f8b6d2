"""A file with a definition, read and reviewed."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import click

from stepwell.cli.check.kinds import other_kind
from stepwell.cli.check.yaml_text import YamlTrouble, read_yaml
from stepwell.language.diagnostics import ERROR, Diagnostic, has_errors
from stepwell.language.review import for_this_server, review_definition

BYTES_MAX = 8_000_000
"""A definition has a megabyte at most; what is longer than this is none, whatever it is."""

BAD_YAML = "INVALID_YAML_DESCRIPTION"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A file and what was found in it, or why it could not be read.

    `text` is the file's, `json_text` the definition as JSON, which is the same unless it is YAML.
    """

    name: str
    trouble: str = ""
    text: str = ""
    json_text: str = ""
    shown: tuple[Diagnostic, ...] = ()
    has_errors: bool = False


def review_file(
    name: str, machine_type: str, severity: str, *, strictly_here: bool = False
) -> Reviewed:
    """Read a file (`-` is the standard input) and review the definition in it.

    `strictly_here`: what AWS takes and this server does not run is an error.
    """
    try:
        text = _read(name)
    except IsADirectoryError:
        return Reviewed(name, trouble="it is a folder: name the files in it")
    except OSError as error:
        return Reviewed(name, trouble=error.strerror or str(error))
    except UnicodeDecodeError:
        return Reviewed(name, trouble="it is not UTF-8 text")
    if len(text) > BYTES_MAX:
        return Reviewed(name, trouble=f"it is longer than {BYTES_MAX:,} bytes")
    review = _review_yaml if _is_yaml(name, text) else _review_json
    json_text, found = review(text, machine_type)
    if trouble := other_kind(name, json_text):
        return Reviewed(name, trouble=trouble)
    if strictly_here:
        found = for_this_server(found)
    shown = tuple(f for f in found if f.severity == ERROR or severity != ERROR)
    return Reviewed(name, "", text, json_text, shown, has_errors(found))


def _read(name: str) -> str:
    """The text; of a file that is too long only so much that this can be seen."""
    with click.open_file(name, "rb") as file:
        data: bytes = file.read(BYTES_MAX + 1)
    if len(data) > BYTES_MAX:
        return " " * (BYTES_MAX + 1)
    return data.decode("utf-8-sig")


def _is_yaml(name: str, text: str) -> bool:
    """By the name; of others, what begins with a brace is JSON."""
    lower = name.lower()
    if lower.endswith((".yaml", ".yml")):
        return True
    return not lower.endswith(".json") and not text.lstrip().startswith(("{", "["))


def _tab_at(text: str, trouble: YamlTrouble) -> bool:
    lines = text.split("\n")
    line = lines[trouble.line - 1] if trouble.line <= len(lines) else ""
    return "\t" in line[: len(line) - len(line.lstrip())]


def _review_json(text: str, machine_type: str) -> tuple[str, list[Diagnostic]]:
    return text, review_definition(text, machine_type=machine_type)


def _review_yaml(text: str, machine_type: str) -> tuple[str, list[Diagnostic]]:
    try:
        read = read_yaml(text)
    except YamlTrouble as trouble:
        hint = "YAML is indented with blanks, not with tabs" if _tab_at(text, trouble) else ""
        found = Diagnostic(ERROR, BAD_YAML, str(trouble), "", trouble.line, trouble.column, hint)
        return "", [found]
    placed = []
    for finding in review_definition(read.json_text, machine_type=machine_type):
        line, column = read.places.line_and_column(finding.place)
        placed.append(dataclasses.replace(finding, line=line, column=column))
    return read.json_text, placed
