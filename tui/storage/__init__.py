"""Everything on disk: private folders, locks, settings files, the audit log. The only doorway of tinydb."""
