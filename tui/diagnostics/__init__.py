"""What is written when something goes wrong: crash reports and the debug log. Never a value."""
