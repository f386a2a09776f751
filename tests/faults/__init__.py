"""What must survive: processes killed, events in a flood, races, poison, a database that fails at any call."""
