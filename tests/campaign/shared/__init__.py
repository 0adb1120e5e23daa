"""The figures of a shared store: hosts are processes, or sessions with keys of their own; the server is a real one."""
