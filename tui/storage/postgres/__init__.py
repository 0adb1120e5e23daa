"""Tenants that many operators and hosts share, in PostgreSQL: an engine of the store beside files.

    address     what `store = "postgresql://…"` may say: no password; verified TLS except on a socket or loopback
    password_file  where a password comes from: a file that only you can read, a descriptor, a credential of systemd
    connection  one connection: deadlines, and what a role must not be
    database    what was read, and transactions: one commit for a save with its audit entries
    folder      the `Folder` of a tenant over its rows, so that the store works as on files
    schema      numbered SQL in migrations/, roles and grants, and what is deployed

Only this package imports psycopg, and only a session whose settings name a database imports its modules.
"""
