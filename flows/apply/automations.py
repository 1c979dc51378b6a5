"""Automations, alerts among them: an event of ours, or its absence, makes the server do something.

Invariant: an automation that did not change is not touched, for the server forgets what it has counted when one is
written. An alert without an address is there, disabled, and does nothing; it never holds a made-up address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from fix_transforms.errors import SettingsError
from flows.apply.declared import Alert, Automation
from flows.apply.making import Kind, make
from flows.apply.server import MARK, Applied, Server
from flows.blocks import ALERT_BLOCK

AUTOMATION_NAME = "fixlake: {}"
ALERT_NAME = "fixlake alert: {}"

#: No automation of ours belongs to a deployment, and the server takes no word about it in a change.
NOT_OURS = {"owner_resource"}

NO_ADDRESS: Final = "disabled: FIXLAKE_ALERT_WEBHOOK_URL is not set"

#: What an alert posts: names, ids and counts; never a field value, a key of an object or a reason in words.
PAYLOAD = """{
  "alert": %(name)s,
  "event": {{ event.event | tojson }},
  "resource": {{ event.resource.id | tojson }},
  "occurred": {{ event.occurred.isoformat() | tojson }},
  "facts": {{ event.payload | tojson }},
  "flow_run": {{ (flow_run.id | string if flow_run else none) | tojson }},
  "link": {{ (flow_run | ui_url if flow_run else none) | tojson }}
}"""


def apply_automations(server: Server, automations: Sequence[Automation], alerts: Sequence[Alert]) -> list[Applied]:
    """Create, change or remove automations. Their deployments and the block of alerts must be there."""
    ids = {
        f"{deployment['entrypoint'].partition(':')[2]}/{deployment['name']}": deployment["id"]
        for deployment in server.all("/deployments/filter")
        if deployment["entrypoint"]
    }
    address = _alert_block(server)
    documents = [_automation(one, ids) for one in automations] + [_alert(one, address) for one in alerts]
    wanted = {one["name"]: {key: value for key, value in one.items() if key != "name"} for one in documents}
    silent = {} if address else {ALERT_NAME.format(one.name): NO_ADDRESS for one in alerts}
    return make(server, AUTOMATION, wanted, silent)


def _automation(declared: Automation, ids: Mapping[str, str]) -> dict[str, Any]:
    actions = []
    for action in declared.actions:
        named = dict(action)
        if "deployment" in named:
            named |= {"source": "selected", "deployment_id": ids[named.pop("deployment")]}
        actions.append(named)
    return _as_prefect(
        declared.name, AUTOMATION_NAME, declared.description, declared.enabled, declared.trigger, actions
    )


def _alert(declared: Alert, address: str | None) -> dict[str, Any]:
    import json

    trigger = {
        "type": "event",
        "posture": "Reactive",
        "expect": declared.events,
        "match": {"prefect.resource.id": "fixlake.*"},
        "for_each": declared.once_per,
        "threshold": 1,
        # A reactive trigger fires at the first event, and then not again for this long.
        "within": declared.quiet_minutes * 60,
    }
    call = {
        "type": "call-webhook",
        "block_document_id": address,
        "payload": PAYLOAD % {"name": json.dumps(declared.name)},
    }
    actions = [call if address else {"type": "do-nothing"}]
    return _as_prefect(declared.name, ALERT_NAME, declared.description, address is not None, trigger, actions)


def _as_prefect(
    name: str, pattern: str, description: str, enabled: bool, trigger: dict[str, Any], actions: list[dict[str, Any]]
) -> dict[str, Any]:
    """The document that the server takes, checked by Prefect's own model.

    Raises:
        SettingsError: Prefect does not know such a trigger or action.
    """
    from prefect.events.schemas.automations import AutomationCore

    document = {
        "name": pattern.format(name), "description": description, "enabled": enabled, "tags": [MARK],
        "trigger": trigger, "actions": actions,
    }  # fmt: skip
    try:
        checked = AutomationCore.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            "cannot be used", where=f"automation {name!r}: {key}", got=repr(first["input"])[:60], expected=first["msg"]
        ) from None
    return checked.model_dump(mode="json", exclude=NOT_OURS)


def _same(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether the server's automation is the wanted one; it adds ids, and keeps sets in an order of its own."""
    from prefect.events.schemas.automations import AutomationCore

    known = AutomationCore.model_validate(found).model_dump(mode="json", exclude=NOT_OURS)
    return bool(_in_order(known) == _in_order({"name": found["name"], **wanted}))


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _in_order(inner) for key, inner in value.items() if key != "id"}
    if isinstance(value, list):
        return sorted((_in_order(inner) for inner in value), key=repr)
    return value


AUTOMATION: Final = Kind(
    "automation", "/automations",
    one=lambda found: f"/automations/{found['id']}",
    is_ours=lambda found: MARK in found["tags"],
    same=_same,
    replaced=True,
)  # fmt: skip


def _alert_block(server: Server) -> str | None:
    documents = server.all("/block_documents/filter", {"include_secrets": False})
    return next((one["id"] for one in documents if one["name"] == ALERT_BLOCK), None)
