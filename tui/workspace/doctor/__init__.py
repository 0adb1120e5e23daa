"""Find what is wrong between this machine and a provider, or with this machine. Changes nothing."""
