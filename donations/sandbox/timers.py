"""What is to happen by itself after a while, kept with the objects so that a restart forgets nothing.

What happens then is in the modules that register an action; each must bear that it is no longer due.
"""

from collections.abc import Callable
from functools import partial

from . import ids
from .store import Doc
from .world import World

Action = Callable[[World, str], None]
ACTIONS: dict[str, Action] = {}


def action(name: str) -> Callable[[Action], Action]:
    """Register what `plan` is to call under this name."""

    def register(work: Action) -> Action:
        ACTIONS[name] = work
        return work

    return register


def plan(world: World, seconds: float, name: str, id: str) -> None:
    """Call the action for the object `id` after `seconds`; a negative number means: only when ordered."""
    entry: Doc = {"id": ids.new("later"), "object": "_later", "due": None, "action": name, "of": id}
    if seconds >= 0:
        entry["due"] = world.clock.now() + seconds
        _watch(world, entry)
    world.store.add(entry)


def run(world: World, of: str | None = None) -> list[Doc]:
    """Do now what is planned, all of it or that of one object; answers what was done, in order."""
    due = [plan for plan in world.store.oldest_first("_later") if of in (None, plan["of"])]
    for plan in due:
        _do(world, plan["id"])
    return due


def planned(world: World) -> list[Doc]:
    return list(world.store.oldest_first("_later"))


def resume(world: World) -> None:
    """After a restart: what is planned is watched again."""
    for plan in world.store.oldest_first("_later"):
        if plan["due"] is not None:
            _watch(world, plan)


def _watch(world: World, plan: Doc) -> None:
    world.timetable.at(plan["due"], partial(_fall_due, world, plan["id"]))


def _fall_due(world: World, plan_id: str) -> None:
    with world.change():
        _do(world, plan_id)


def _do(world: World, plan_id: str) -> None:
    plan = world.store.get(plan_id, "_later")
    if plan is not None:
        world.store.delete(plan_id)
        ACTIONS[plan["action"]](world, plan["of"])
