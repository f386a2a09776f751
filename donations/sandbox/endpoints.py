"""Webhook endpoints: where events are sent, which ones, and signed with which secret."""

from typing import Any

from . import ids, lists, params
from .errors import ApiError, no_such
from .events import TYPES
from .settings import API_VERSION
from .store import Doc
from .world import World

MOST = 16


def enabled_events(value: Any, param: str) -> list[str]:
    types: list[str] = params.listing(params.text())(value, param)
    for number, type in enumerate(types):
        if type != "*" and type not in TYPES:
            raise ApiError(f"Invalid {param}[{number}]: {type} is no type of event.", param=f"{param}[{number}]")
    if not types:
        raise ApiError(f"Invalid {param}: name at least one event.", param=param)
    return types


FIELDS: params.Fields = {
    "description": params.unsettable(params.text()),
    "enabled_events": enabled_events,
    "metadata": params.metadata,
    "url": params.url,
}
CREATE_FIELDS: params.Fields = {**FIELDS, "api_version": params.text(), "connect": params.absent}
UPDATE_FIELDS: params.Fields = {**FIELDS, "disabled": params.boolean}


def create(world: World, sent: dict[str, Any]) -> Doc:
    """The only answer that shows the secret."""
    given = params.checked(sent, CREATE_FIELDS, ("enabled_events", "url"))
    if given.get("api_version", API_VERSION) != API_VERSION:
        raise ApiError(
            f"Invalid API version: this sandbox sends {API_VERSION} only.",
            code="invalid_api_version",
            param="api_version",
        )
    if sum(1 for _ in world.store.newest_first("webhook_endpoint")) >= MOST:
        raise ApiError(f"You have reached the maximum of {MOST} test webhook endpoints.")
    endpoint = made(world, given.pop("url"), "whsec_" + ids.letters(32), **given)
    return {**endpoint, "secret": endpoint["_secret"]}


def made(world: World, url: str, secret: str, **given: Any) -> Doc:
    endpoint: Doc = {
        "id": ids.new("we"),
        "object": "webhook_endpoint",
        "api_version": None,
        "application": None,
        "created": world.clock.stamp(),
        "description": None,
        "enabled_events": ["*"],
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": url,
        "_secret": secret,
    }
    endpoint.update(given)
    endpoint["metadata"] = params.merged({}, endpoint["metadata"])
    return world.store.add(endpoint)


def update(world: World, id: str, sent: dict[str, Any]) -> Doc:
    endpoint = retrieve(world, id)
    given = params.checked(sent, UPDATE_FIELDS)
    if "metadata" in given:
        given["metadata"] = params.merged(endpoint["metadata"], given["metadata"])
    if "disabled" in given:
        given["status"] = "disabled" if given.pop("disabled") else "enabled"
    endpoint.update(given)
    world.store.save(endpoint)
    return endpoint


def delete(world: World, id: str) -> Doc:
    retrieve(world, id)
    world.store.delete(id)
    return {"id": id, "object": "webhook_endpoint", "deleted": True}


def retrieve(world: World, id: str) -> Doc:
    endpoint = world.store.get(id, "webhook_endpoint")
    if endpoint is None:
        raise no_such("webhook endpoint", id, "webhook_endpoint")
    return endpoint


def listed(world: World, sent: dict[str, Any]) -> Doc:
    fields = {name: check for name, check in lists.FIELDS.items() if name != "created"}
    return lists.page(world, "webhook_endpoint", params.checked(sent, fields), "/v1/webhook_endpoints")


def register(world: World) -> None:
    """The endpoints named when the sandbox was started, once each."""
    for url, secret in world.settings.webhooks:
        known = [each for each in world.store.newest_first("webhook_endpoint") if each["url"] == url]
        if known:
            known[0].update(_secret=secret, status="enabled")
            world.store.save(known[0])
        else:
            made(world, url, secret)
