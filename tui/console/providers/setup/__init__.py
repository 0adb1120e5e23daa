"""The form that sets up a credential of a provider."""
