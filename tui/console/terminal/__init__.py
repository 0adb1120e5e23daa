"""The terminal: input driver, differential display, flow control."""
