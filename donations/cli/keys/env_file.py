"""Writes a setting into the .env file that this process has read, whole or not at all, and leaves all other lines."""

from __future__ import annotations

import click

from donations import config, private_files


def put(values: dict[str, str]) -> None:
    """Save them to the file. What the environment or a _FILE sets instead is printed for a person to set there."""
    file = config.source().file
    elsewhere = {name: value for name, value in values.items() if file is None or config.is_set_elsewhere(name)}
    for name, value in elsewhere.items():
        click.echo(f"{name} is not set in a .env file here. Set it to:\n{value}")
    inside = {name: value for name, value in values.items() if name not in elsewhere}
    if file is None or not inside:
        return
    lines = file.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.split("=", 1)[0].removeprefix("export ").strip() not in inside]
    text = "\n".join([*kept, *(f"{name}={value}" for name, value in inside.items())]) + "\n"
    with private_files.replacing(file) as out:
        out.write(text.encode())
    click.echo(f"Saved {', '.join(inside)} in {file}. Copy the new file to where you keep the keys.")
