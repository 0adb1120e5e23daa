"""Practice answers of iFLYTEK Spark."""
