"""Faults ordered through the control API: which request they strike, and how.

Carrying them out is the caller's part.
"""

from typing import Any

from .errors import ApiError
from .world import World

MODES = ("slow", "429", "500", "reset_before", "reset_after", "500_after")


def order(world: World, asked: dict[str, Any]) -> dict[str, Any]:
    """Add a fault: the next `times` requests of `method` whose path begins with `path`. Raises ApiError."""
    mode = str(asked.get("mode", ""))
    if mode not in MODES:
        raise ApiError(f"mode must be one of {', '.join(MODES)}", param="mode")
    fault = {
        "path": str(asked.get("path", "/v1/")),
        "method": str(asked["method"]).upper() if asked.get("method") else None,
        "mode": mode,
        "times": int(asked.get("times", 1)),
        "seconds": float(asked.get("seconds", 30)),
    }
    world.holds.faults.append(fault)
    return fault


def strike(world: World, method: str, path: str) -> dict[str, Any]:
    """The fault that strikes this request, used up once; {} if none."""
    with world.lock:
        for fault in world.holds.faults:
            if path.startswith(fault["path"]) and fault["method"] in (None, method) and fault["times"] > 0:
                fault["times"] -= 1
                world.holds.faults = [each for each in world.holds.faults if each["times"] > 0]
                return dict(fault)
    return {}
