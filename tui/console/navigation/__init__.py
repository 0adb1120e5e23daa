"""How the console goes from one screen to another."""
