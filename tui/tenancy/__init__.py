"""The state of tenants as trusted data: session, key ring, manifest, credentials, models, trials."""
