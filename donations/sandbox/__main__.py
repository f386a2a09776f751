"""Makes `python -m donations.sandbox` start the sandbox; the options live in `command`."""

from donations.sandbox.command import sandbox

if __name__ == "__main__":
    sandbox()
