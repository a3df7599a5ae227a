"""Settings: each from a file, the environment and a flag, and which of them counts; ``timtin config``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from tests.processes import timtin
from web.configuration import FIELDS, SettingsError, load_settings, read_settings, variable_of
from web.settings import ServerSettings, Settings

TRIED: dict[str, tuple[str, Any, str, Any]] = {
    "hosts": ('["http://a:9200/"]', ("http://a:9200",), "https://b,http://c:9201,", ("https://b", "http://c:9201")),
    "cluster.prefix": ('"tin"', "tin", "a-b_1", "a-b_1"),
    "cluster.shards": ("2", 2, "1000", 1000),
    "cluster.replicas": ("0", 0, "2", 2),
    "cluster.user": ('"an"', "an", "binh", "binh"),
    "cluster.password_file": ('"/run/a"', Path("/run/a"), "/run/b", Path("/run/b")),
    "cluster.api_key_file": ('"/run/a"', Path("/run/a"), "/run/b", Path("/run/b")),
    "cluster.ca_file": ('"/run/a"', Path("/run/a"), "/run/b", Path("/run/b")),
    "cluster.certificate_file": ('"/run/a"', Path("/run/a"), "/run/b", Path("/run/b")),
    "cluster.certificate_key_file": ('"/run/a"', Path("/run/a"), "/run/b", Path("/run/b")),
    "cluster.timeout": ("1", 1.0, "0.5", 0.5),
    "server.host": ('"0.0.0.0"', "0.0.0.0", "::1", "::1"),
    "server.port": ("9000", 9000, "0", 0),
    "server.workers": ("64", 64, "1", 1),
    "server.public_url": (
        '"https://tin.vn/a/"', "https://tin.vn/a", "http://[::1]:80", "http://[::1]:80",
    ),
    "server.hosts": ('["a.vn", ".B.vn"]', ("a.vn", ".b.vn"), "c.vn, [::1],", ("c.vn", "[::1]")),
    "server.trusted_proxies": ('["10.0.0.1"]', ("10.0.0.1/32",), "10.1.2.3/8,::1", ("10.0.0.0/8", "::1/128")),
    "server.cors_origins": ('["*"]', ("*",), "https://a.vn,http://b.vn:81", ("https://a.vn", "http://b.vn:81")),
    "server.drain_seconds": ("1", 1.0, "0.5", 0.5),
    "access.search": ('"key"', "key", "open", "open"),
    "access.metrics": ('"key"', "key", "open", "open"),
    "limits.requests_per_minute": ("0", 0, "60", 60),
    "limits.requests_per_minute_of_key": ("0", 0, "60", 60),
    "limits.connections": ("1", 1, "500", 500),
    "limits.connections_of_address": ("0", 0, "5", 5),
    "limits.waiting": ("1", 1, "5", 5),
    "limits.waiting_of_client": ("1", 1, "5", 5),
    "limits.waiting_seconds": ("0.1", 0.1, "5", 5.0),
    "limits.header_seconds": ("0.1", 0.1, "5", 5.0),
    "limits.body_seconds": ("0.1", 0.1, "5", 5.0),
    "limits.write_seconds": ("0.1", 0.1, "5", 5.0),
    "limits.idle_seconds": ("0.1", 0.1, "5", 5.0),
    "limits.body_mb": ("1", 1, "64", 64),
    "limits.search_ms": ("1", 1, "5000", 5000),
    "limits.query_characters": ("1", 1, "500", 500),
    "limits.clauses": ("1", 1, "64", 64),
    "limits.page_depth": ("1", 1, "1000", 1000),
    "limits.free_disk_mb": ("0", 0, "500", 500),
    "limits.memory_mb": ("0", 0, "500", 500),
    "limits.stuck_seconds": ("0.1", 0.1, "5", 5.0),
    "limits.lines_of_body": ("1", 1, "500", 500),
    "limits.refused_of_body": ("1", 1, "500", 500),
    "log.format": ('"json"', "json", "text", "text"),
    "log.access": ("false", False, "yes", True),
    "log.queries": ("true", True, "0", False),
    "log.searches": ("true", True, "0", False),
}  # fmt: skip
WRONG = {
    "engine": ['"whoosh"', '"OpenSearch"', "1"],
    "hosts": ['["a:9200"]', '["ftp://a"]', '["http://an:secret@a"]', '["http://a/?b"]', "[1]", '"http://"'],
    "cluster.prefix": ['""', '"_a"', '"Tin"', '"a b"', '"a,b"', '"a*"', "1"],
    "cluster.shards": ["0", "1001", '"1"'],
    "cluster.replicas": ["-1", "11"],
    "cluster.password_file": ["1"],
    "cluster.timeout": ["0", "nan"],
    "server.host": ['""', '"a b"', "1", '"http://a.vn"'],
    "server.port": ["-1", "65536", '"80"', "true", "1.5", "[80]"],
    "server.workers": ["0", "65", '"2"'],
    "server.watch": ['"/no/such/folder"', "1"],
    "server.public_url": ['"tin.vn"', '"ftp://tin.vn"', '"https://"', '"https://a.vn/?q=1"', '"https://a.vn/#b"',
                          '"https://a:b@a.vn"', '"https://a.vn:99999"'],
    "server.hosts": ['["https://a.vn"]', '["a.vn:80"]', '["a b"]', "[1]", '["*"]'],
    "server.trusted_proxies": ['["10.0.0.256"]', '["a.vn"]', '["10.0.0.0/33"]'],
    "server.cors_origins": ['["a.vn"]', '["https://a.vn/"]', '["https://a.vn/b"]', '["null"]'],
    "server.drain_seconds": ["0", "-1", "nan", "inf", "86401", '"1"', "true"],
    "access.search": ['"closed"', "true"],
    "limits.requests_per_minute": ["-1", "1.5"],
    "limits.connections": ["0"],
    "limits.body_mb": ["0", "10000000000"],
    "limits.search_ms": ["0"],
    "limits.query_characters": ["0", "10001"],
    "log.format": ['"xml"'],
    "log.access": ["1", '"yes"'],
}  # fmt: skip


def toml(name: str, value: str) -> str:
    section, _, key = name.rpartition(".")
    return f"[{section}]\n{key} = {value}\n" if section else f"{key} = {value}\n"


def value_of(settings: BaseModel, name: str) -> Any:
    for part in name.split("."):
        settings = getattr(settings, part)
    return settings


def test_every_setting_is_tried_and_described() -> None:
    assert set(TRIED) | {"data", "engine", "server.watch"} == set(FIELDS)
    assert all(field.description for field in FIELDS.values())


@pytest.mark.parametrize("name", list(TRIED))
def test_flag_goes_before_variable_before_file_before_default(tmp_path: Path, name: str) -> None:
    in_file, from_file, in_variable, from_variable = TRIED[name]
    flags: dict[str, Any] = {"data": tmp_path}
    assert read_settings(flags, {}).origins[name] == "default"
    (tmp_path / "timtin.toml").write_text(toml(name, in_file))
    reading = read_settings(flags, {})
    assert (value_of(reading.settings, name), reading.origins[name]) == (from_file, f"file {tmp_path / 'timtin.toml'}")
    variable = variable_of(name)
    reading = read_settings(flags, {variable: in_variable})
    assert (value_of(reading.settings, name), reading.origins[name]) == (from_variable, f"environment {variable}")
    cluster = {"engine": "opensearch"} if name == "hosts" else {}  # a flag that says what nobody heeds is an error
    reading = read_settings({**flags, **cluster, name: from_file}, {variable: in_variable})
    flag = f"flag --{name.rpartition('.')[2]}"
    assert (value_of(reading.settings, name), reading.origins[name]) == (from_file, flag)
    assert read_settings({**flags, name: None}, {variable: " "}).origins[name] == f"file {tmp_path / 'timtin.toml'}"
    assert [key for key, origin in reading.origins.items() if origin != "default"] == ["data", *cluster, name]


def test_folders_in_a_file_are_meant_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    file = tmp_path / "a.toml"
    file.write_text('data = "d"\n[server]\nwatch = "in"\n')
    settings = load_settings({"config": file}, {})
    assert (settings.data, settings.server.watch) == (tmp_path / "d", tmp_path / "in")
    settings = load_settings({}, {"TIMTIN_CONFIG": str(file), "TIMTIN_DATA": "e", "TIMTIN_SERVER_WATCH": str(tmp_path)})
    assert (settings.data, settings.server.watch) == (Path("e"), tmp_path)
    assert load_settings({"config": file, "data": Path("f")}, {"TIMTIN_DATA": "e"}).data == Path("f")


def test_file_of_the_data_folder_counts_if_no_other_is_named(tmp_path: Path) -> None:
    (tmp_path / "timtin.toml").write_text("[server]\nport = 1\n")
    (tmp_path / "other.toml").write_text("[server]\nport = 2\n")
    environment = {"TIMTIN_DATA": str(tmp_path)}
    assert load_settings({}, environment).server.port == 1
    assert load_settings({}, {**environment, "TIMTIN_CONFIG": str(tmp_path / "other.toml")}).server.port == 2
    named = {"config": tmp_path / "timtin.toml"}
    assert load_settings(named, {**environment, "TIMTIN_CONFIG": str(tmp_path / "other.toml")}).server.port == 1
    (tmp_path / "timtin.toml").write_text('data = "x"\n')
    with pytest.raises(SettingsError, match="data cannot be set"):
        load_settings({}, environment)


def test_port_has_two_variables() -> None:
    assert load_settings({}, {"PORT": "1"}).server.port == 1
    assert load_settings({}, {"PORT": "1", "TIMTIN_SERVER_PORT": "2"}).server.port == 2
    with pytest.raises(SettingsError, match="environment PORT: "):
        load_settings({}, {"PORT": "99999"})


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_wrong_value_is_named_with_its_place(tmp_path: Path, name: str, value: str) -> None:
    (tmp_path / "timtin.toml").write_text(toml(name, value))
    with pytest.raises(SettingsError) as raised:
        load_settings({"data": tmp_path}, {})
    (problem,) = raised.value.problems
    assert problem.startswith(f"file {tmp_path / 'timtin.toml'}: {name} = ")
    assert "should be" in problem
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("content", "environment", "said"),
    [
        ("[server]\nprot = 1", {}, "server.prot: there is no such setting; the nearest is server.port"),
        ("port = 1", {}, "port: there is no such setting; the nearest is server.port"),
        ("[limit]\nwaiting = 1", {}, "[limit]: there is no such setting; the nearest is [limits]"),
        ("[server.tls]\na = 1", {}, "[server.tls]: there is no such setting"),
        ("server = 1", {}, "server = 1: should be a section, [server]"),
        ("[server]\nhosts = {a = 1}", {}, "server.hosts = {'a': 1}: should be"),
        ("[server", {}, "is not TOML"),
        ("[server]\nport = 1\nport = 2", {}, "is not TOML"),
        ("", {"TIMTIN_LIMIT_BODY_MB": "1"}, "TIMTIN_LIMIT_BODY_MB: there is no such setting; the nearest is"),
        ("", {"TIMTIN_DATAS": "1"}, "the nearest is TIMTIN_DATA"),
        ("", {"TIMTIN_CONFIGS": "1"}, "the nearest is TIMTIN_CONFIG"),
        ("", {"TIMTIN_CONFIG": "/no/such/file"}, "file /no/such/file: cannot be read: No such file"),
        ("", {"TIMTIN_CONFIG": "/"}, "file /: cannot be read: Is a directory"),
        ("", {"TIMTIN_LOG_ACCESS": "maybe"}, "environment TIMTIN_LOG_ACCESS: log.access = 'maybe': should be"),
    ],
)
def test_what_is_not_known_is_named(tmp_path: Path, content: str, environment: dict[str, str], said: str) -> None:
    (tmp_path / "timtin.toml").write_text(content)
    with pytest.raises(SettingsError) as raised:
        load_settings({"data": tmp_path}, environment)
    (problem,) = raised.value.problems
    assert said in problem


def test_everything_wrong_is_said_at_once_and_tests_may_have_variables(tmp_path: Path) -> None:
    (tmp_path / "timtin.toml").write_bytes(b"\xff")
    wrong = {"TIMTIN_A": "1", "TIMTIN_B": "2", "PORT": "x", "TIMTIN_LOG_FORMAT": "xml", "TIMTIN_TEST_DATA": "3"}
    with pytest.raises(SettingsError) as raised:
        load_settings({"data": tmp_path}, wrong)
    assert len(raised.value.problems) == 5
    assert load_settings({}, {"TIMTIN_TEST_DATA": "3"}) == Settings()


def test_settings_do_not_change_and_take_no_unknown_name() -> None:
    with pytest.raises(ValidationError):
        Settings().server.port = 1  # type: ignore[misc]
    with pytest.raises(ValidationError):
        ServerSettings(prot=1)  # type: ignore[call-arg]


def config(tmp_path: Path, *arguments: str, **environment: str) -> Any:
    done = timtin("config", *arguments, cwd=tmp_path, env={**os.environ, **environment})
    assert "Traceback" not in done.stderr
    return done


def test_config_prints_each_value_and_where_it_comes_from(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "timtin.toml").write_text('[server]\nhosts = ["a.vn", "b.vn"]\n')
    done = config(tmp_path, TIMTIN_LOG_QUERIES="1", PORT="81")
    assert done.returncode == 0
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert list(lines) == list(FIELDS)
    found = {name: " ".join(lines[name].split()) for name in lines}
    assert found["server.hosts"] == "a.vn, b.vn file data/timtin.toml"
    assert found["server.port"] == "81 environment PORT"
    assert found["server.workers"] == found["server.cors_origins"] == found["server.public_url"] == "- default"
    assert found["log.queries"] == "true environment TIMTIN_LOG_QUERIES"
    assert len({line.index(lines[name]) for name, line in zip(lines, done.stdout.splitlines(), strict=True)}) == 1
    values = json.loads(config(tmp_path, "--json", "--data", "none").stdout)
    assert values["data"] == {"value": "none", "from": "flag --data"}
    assert values["server.workers"] == {"value": None, "from": "default"}
    assert values["server.hosts"] == {"value": [], "from": "default"}
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("command", ["config", "serve"])
def test_wrong_settings_are_one_line_each(tmp_path: Path, command: str) -> None:
    (tmp_path / "a.toml").write_text("[server]\nport = -1\nprot = 2\n")
    done = timtin(command, "--config", "a.toml", cwd=tmp_path, env={**os.environ, "TIMTIN_X": "1"})
    assert (done.returncode, done.stdout) == (1, "")
    assert [line[:8] for line in done.stderr.splitlines()] == ["timtin: "] * 3
    assert not (tmp_path / "data").exists()


def test_other_commands_heed_the_data_folder_alone(tmp_path: Path) -> None:
    done = timtin("keys", "list", env={**os.environ, "TIMTIN_X": "1", "TIMTIN_DATA": str(tmp_path)})
    assert (done.returncode, done.stderr) == (0, "")
