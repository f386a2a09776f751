"""What an appeal has raised, live and discreet."""
