"""One test module per module, stories through the real server, machines, a simulation, and real browsers."""
