"""What ``deployments/prefect`` and ``prefect.yaml`` declare, read and checked.

Invariant: nothing reaches the server before every file is known to be right; an error names the file, the key,
what was got and what was expected.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from fix_transforms.errors import SettingsError
from fix_transforms.settings import PROJECT_ROOT
from flows.alert_rules import RULES
from flows.apply.server import MARK, PREFIX

FOLDER = PROJECT_ROOT / "deployments" / "prefect"
DEPLOYMENTS = PROJECT_ROOT / "prefect.yaml"

#: How much of a wrong value is shown.
SHOWN = 60

M = TypeVar("M", bound=BaseModel)


class Strict(BaseModel):
    """A part of a file, in which every key is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WorkPool(Strict):
    """A work pool and the template of its jobs."""

    name: str
    type: str
    description: str
    concurrency_limit: int | None = Field(None, ge=1)
    base_job_template: dict[str, Any]


class Limit(Strict):
    """A global concurrency limit."""

    slots: int = Field(ge=1)
    slot_decay_per_second: float = Field(0.0, ge=0)


class Limits(Strict):
    """The file of global concurrency limits."""

    limits: dict[str, Limit]

    @field_validator("limits")
    @classmethod
    def _ours(cls, limits: dict[str, Limit]) -> dict[str, Limit]:
        return _names_start_with(PREFIX, limits)


class Variables(Strict):
    """The file of variables."""

    variables: dict[str, Any]

    @field_validator("variables")
    @classmethod
    def _ours(cls, variables: dict[str, Any]) -> dict[str, Any]:
        return _names_start_with(f"{MARK}_", variables)


class Automation(Strict):
    """One automation; trigger and actions are as Prefect spells them, but a deployment is called by its name."""

    name: str = Field(min_length=1)
    description: str
    enabled: bool = True
    trigger: dict[str, Any]
    actions: list[dict[str, Any]] = Field(min_length=1)


class Alert(Strict):
    """One alert: the events that raise it, and how often at most.

    Attributes:
        once_per: Labels of the event's resource; for each of their values the alert is raised by itself.
        quiet_minutes: After it was raised, it is not raised again for so long.
    """

    name: str = Field(min_length=1)
    description: str
    events: list[str] = Field(min_length=1)
    once_per: list[str] = Field(min_length=1)
    quiet_minutes: int = Field(ge=1)


class Deployment(BaseModel):
    """A deployment as ``prefect.yaml`` has it; keys that are not in here are Prefect's business."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str
    entrypoint: str = Field(pattern=r"^flows/\w+\.py:\w+$")
    description: str
    tags: list[str]
    work_pool: dict[str, Any]
    concurrency_limit: dict[str, Any]
    schedules: list[dict[str, Any]]

    @field_validator("tags")
    @classmethod
    def _marked(cls, tags: list[str]) -> list[str]:
        if MARK not in tags:
            raise ValueError(f"expected the tag {MARK} among them, by which the deployment is known as ours")
        return tags

    @property
    def flow(self) -> str:
        """The flow's name, which is its function's."""
        return self.entrypoint.partition(":")[2]

    @property
    def full_name(self) -> str:
        """As Prefect calls it: flow/deployment."""
        return f"{self.flow}/{self.name}"


class ProjectFile(BaseModel):
    """The part of ``prefect.yaml`` that is compared with the server."""

    model_config = ConfigDict(extra="allow", frozen=True)

    deployments: list[Deployment] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Declared:
    """Everything that is to be on the server, beside the blocks."""

    work_pools: tuple[WorkPool, ...]
    limits: dict[str, Limit]
    variables: dict[str, Any]
    automations: tuple[Automation, ...]
    alerts: tuple[Alert, ...]
    deployments: tuple[Deployment, ...]


def read_declared(folder: Path = FOLDER, deployments: Path = DEPLOYMENTS) -> Declared:
    """Read and check every file.

    Raises:
        SettingsError: One is missing or wrong.
    """
    declared = Declared(
        work_pools=_one_per_file(WorkPool, folder / "work_pools", "json"),
        limits=_checked(Limits, folder / "limits.yaml").limits,
        variables=_variables(folder / "variables.yaml"),
        automations=_one_per_file(Automation, folder / "automations", "yaml"),
        alerts=_one_per_file(Alert, folder / "alerts", "yaml"),
        deployments=tuple(_checked(ProjectFile, deployments).deployments),
    )
    _check_references(declared, folder)
    return declared


def _one_per_file(model: type[M], folder: Path, suffix: str) -> tuple[M, ...]:
    found: dict[str, M] = {}
    for file in sorted(folder.glob(f"*.{suffix}")):
        one = _checked(model, file)
        name = str(getattr(one, "name", ""))
        if name in found:
            raise SettingsError(
                "the name is taken", where=f"{_told(file)}: name", got=repr(name), expected="a name of its own"
            )
        found[name] = one
    return tuple(found.values())


def _variables(file: Path) -> dict[str, Any]:
    variables = _checked(Variables, file).variables
    for name, rule in RULES.items():
        if name not in variables:
            raise SettingsError("missing", where=f"{_told(file)}: variables.{name}", expected="a value")
        try:
            rule.validate_python(variables[name])
        except ValidationError as error:
            raise _problem(error, file, f"variables.{name}") from None
    return variables


def _check_references(declared: Declared, folder: Path) -> None:
    """Whether automations run deployments that there are."""
    known = {deployment.full_name for deployment in declared.deployments}
    for automation in declared.automations:
        for number, action in enumerate(automation.actions):
            if action.get("type") == "run-deployment" and action.get("deployment") not in known:
                raise SettingsError(
                    "no such deployment",
                    where=f"{_told(folder)}/automations, {automation.name!r}: actions.{number}.deployment",
                    got=repr(action.get("deployment")),
                    expected=f"one of {', '.join(sorted(known))}",
                )


def _checked(model: type[M], file: Path) -> M:
    try:
        text = file.read_text(encoding="utf-8")
        content = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise SettingsError("cannot be read", where=_told(file), got=error.strerror) from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else getattr(error, "lineno", "?")
        raise SettingsError(
            f"is not {file.suffix.removeprefix('.')}", where=f"{_told(file)}, line {line}",
            got=str(getattr(error, "problem", None) or getattr(error, "msg", type(error).__name__)),
        ) from None  # fmt: skip
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _problem(error, file) from None


def _problem(error: ValidationError, file: Path, inside: str = "") -> SettingsError:
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in (inside, *first["loc"]) if str(part)) or "the whole file"
    got = repr(first["input"])
    return SettingsError(
        "cannot be used", where=f"{_told(file)}: {key}",
        got=got if len(got) <= SHOWN else f"{got[:SHOWN]}…", expected=first["msg"].removeprefix("Value error, "),
    )  # fmt: skip


def _told(file: Path) -> str:
    return str(file.relative_to(PROJECT_ROOT)) if file.is_relative_to(PROJECT_ROOT) else str(file)


def _names_start_with(prefix: str, named: dict[str, Any]) -> dict[str, Any]:
    strays = [name for name in named if not name.startswith(prefix)]
    if strays:
        raise ValueError(f"expected names that start with {prefix}, got {strays[0]!r}")
    return named
