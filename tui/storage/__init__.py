"""Everything on disk: private folders, locks, settings files, the audit log. Only TinyDB importer."""
