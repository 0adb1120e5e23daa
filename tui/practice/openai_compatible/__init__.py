"""Practice answers of model servers on this machine."""
