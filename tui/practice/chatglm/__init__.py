"""Practice answers of ChatGLM."""
