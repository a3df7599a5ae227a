"""Read settings: flags before environment before file before defaults. Each value keeps where it came from.

The file is TOML with the sections of ``web.settings``: the one named by ``--config`` or TIMTIN_CONFIG, else
``timtin.toml`` in the data folder, if it exists. A relative path in a file is meant from the file's folder. In the
environment a setting is called TIMTIN_SECTION_NAME, the parts of a list have commas between them, and an empty
variable says nothing.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from index.errors import TimtinError
from index.wrong_values import what_is_wrong
from web.settings import Section, Settings

CONFIG_NAME = "timtin.toml"
DEFAULT = "default"
_PREFIX = "TIMTIN_"
_NOT_SETTINGS = re.compile("TIMTIN_(TEST|(KERNELS|KILLS|REBUILD|SEED)$)")
_CONFIG_VARIABLE = "TIMTIN_CONFIG"
_OF_COMMANDS = ("TIMTIN_SERVER", "TIMTIN_KEY_FILE")
"""What says which service the commands ask, and with which key; a service itself passes them over."""
_USER = re.compile(r"//\S*@")
"""Who somebody is in a URL, which may have a password; it is not shown."""
_OTHER_VARIABLES = {"server.port": ("PORT",)}


class SettingsError(TimtinError):
    """Reject settings; ``problems`` has one line for each that is wrong, and the message is all of them."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def _fields() -> Iterator[tuple[str, FieldInfo]]:
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from ((f"{name}.{inner}", value) for inner, value in field.annotation.model_fields.items())
        else:
            yield name, field


FIELDS: Mapping[str, FieldInfo] = MappingProxyType(dict(_fields()))
"""Each setting by its name, such as ``server.port``."""
PLACE = frozenset(name for name in FIELDS if name in {"data", "engine", "hosts"} or name.startswith("cluster."))
"""The settings that say where an archive is."""
_PATHS = {name for name in FIELDS if name in {"data", "server.watch"} or name.endswith("_file")}
_SECTIONS = dict.fromkeys(f"[{name.partition('.')[0]}]" for name in FIELDS if "." in name)


def variable_of(name: str) -> str:
    """Return the environment variable of a setting: TIMTIN_SERVER_PORT of ``server.port``."""
    return _PREFIX + name.upper().replace(".", "_")


@dataclass(frozen=True, slots=True)
class Reading:
    """Settings as read, and for each name where its value came from.

    That is "default", "file PATH", "environment NAME" or "flag --NAME".
    """

    settings: Settings
    origins: Mapping[str, str]

    def values(self) -> dict[str, Any]:
        """Return each value by the name of its setting."""
        return _by_name(self.settings.model_dump())

    def as_json(self) -> dict[str, Any]:
        """Return each value, as JSON has it, by the name of its setting."""
        return _by_name(self.settings.model_dump(mode="json"))


def load_settings(flags: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings. Raises SettingsError, a TimtinError, that names everything that is wrong."""
    return read_settings(flags, environ).settings


def read_settings(
    flags: Mapping[str, Any], environ: Mapping[str, str] = os.environ, only: Collection[str] = FIELDS
) -> Reading:
    """Return the settings and where each came from.

    ``flags`` has values by name, ``server.port``, and the file as ``config``; None is a flag that was not given.
    Whatever is said of others than ``only`` these settings is passed over. Raises SettingsError that names everything
    that is wrong.
    """
    problems: list[str] = []
    strange = problems if only is FIELDS else []
    given = {name: value for name, value in flags.items() if value is not None}
    variables = {name: value.strip() for name, value in environ.items() if value.strip()}
    found = dict.fromkeys(FIELDS, (None, DEFAULT))
    upper = {
        **dict(_from_environment(variables, strange)),
        **{name: (value, f"flag --{name.rpartition('.')[2]}") for name, value in given.items() if name in FIELDS},
    }
    data = Path(upper["data"][0]) if "data" in upper else Settings().data
    file = given.get("config") or variables.get(_CONFIG_VARIABLE)
    path = Path(file) if file is not None else data / CONFIG_NAME
    if file is not None or path.exists():
        found.update(_from_file(path, problems, strange))
        if file is None and found["data"][1] != DEFAULT:
            problems.append(f"{found['data'][1]}: data cannot be set by the file in the data folder; take it out")
    found.update(upper)
    sections: dict[str, Any] = {}
    for name, (value, origin) in found.items():
        if origin == DEFAULT or name not in only:
            continue
        try:
            checked = _adapter(name).validate_python(value, strict=origin.startswith("file "))
        except ValidationError as error:
            problems.append(f"{origin}: {name} = {_shown(value)}: {_reason(error)}")
            continue
        section, _, key = name.rpartition(".")
        (sections.setdefault(section, {}) if section else sections)[key] = checked
    problems += _without_cluster(found, sections)
    if problems:
        raise SettingsError(problems)
    return Reading(Settings.model_validate(sections), {name: origin for name, (_, origin) in found.items()})


def _from_environment(variables: Mapping[str, str], problems: list[str]) -> Iterator[tuple[str, tuple[Any, str]]]:
    known = {variable_of(name): name for name in FIELDS}
    for name in FIELDS:
        for variable in (variable_of(name), *_OTHER_VARIABLES.get(name, ())):
            if variable in variables:
                yield name, (variables[variable], f"environment {variable}")
                break
    names = [*known, _CONFIG_VARIABLE, *_OF_COMMANDS]
    unknown = sorted(name for name in variables if name.startswith(_PREFIX) and not _NOT_SETTINGS.match(name))
    problems.extend(
        f"environment {variable}: there is no such setting; the nearest is {_nearest(variable, names)}"
        for variable in unknown
        if variable not in names
    )


def _without_cluster(found: Mapping[str, tuple[Any, str]], sections: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong if an engine lacks its hosts, or hosts their engine."""
    engine, origin = sections.get("engine", Settings().engine), found["engine"][1]
    given = found["hosts"][1]
    if engine == "opensearch" and given == DEFAULT:
        yield f"{origin}: engine = 'opensearch': name the nodes of the cluster with --hosts URL,URL or TIMTIN_HOSTS"
    if engine != "opensearch" and given.startswith("flag "):
        yield f"{given}: the nodes of a cluster are for --engine opensearch; add that, or leave them out"


def _from_file(path: Path, problems: list[str], strange: list[str]) -> Iterator[tuple[str, tuple[Any, str]]]:
    origin = f"file {path}"
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        problems.append(f"{origin}: cannot be read: {error.strerror}")
        return
    except ValueError as error:  # neither UTF-8 nor TOML
        problems.append(f"{origin}: is not TOML: {error}")
        return
    for name, value in content.items():
        if f"[{name}]" not in _SECTIONS:
            values = {name: value}
        elif isinstance(value, dict):
            values = {f"{name}.{inner}": deeper for inner, deeper in value.items()}
        else:
            strange.append(f"{origin}: {name} = {_shown(value)}: should be a section, [{name}]")
            continue
        for setting, entry in values.items():
            if setting in FIELDS:
                yield setting, (_from_folder(path, setting, entry), origin)
            else:
                what, known = (f"[{setting}]", _SECTIONS) if isinstance(entry, dict) else (setting, FIELDS)
                strange.append(f"{origin}: {what}: there is no such setting; the nearest is {_nearest(what, known)}")


def _from_folder(file: Path, name: str, value: Any) -> Any:
    """Return a value of ``file``; a relative path is meant from its folder."""
    return str(file.parent / value) if name in _PATHS and isinstance(value, str) and value else value


def _adapter(name: str) -> TypeAdapter[Any]:
    field = FIELDS[name]
    annotation: Any = Annotated[field.annotation, Field(), *field.metadata]
    return TypeAdapter(annotation)


def _nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that is most like ``name``, whole or without its section."""

    def likeness(other: str) -> float:
        return max(
            SequenceMatcher(None, name, other).ratio(),
            SequenceMatcher(None, name.rpartition(".")[2], other.rpartition(".")[2]).ratio(),
        )

    return max(known, key=likeness)


def _reason(error: ValidationError) -> str:
    """Return what is right instead, in one line."""
    reasons = map(what_is_wrong, error.errors())
    return "; ".join(dict.fromkeys(reason[0].lower() + reason[1:] for reason in reasons))


def _shown(value: Any) -> str:
    return _USER.sub("//…@", repr(str(value) if isinstance(value, Path) else value))


def _by_name(whole: Mapping[str, Any]) -> dict[str, Any]:
    parts = {name: name.rpartition(".") for name in FIELDS}
    return {name: (whole[section] if section else whole)[key] for name, (section, _, key) in parts.items()}
