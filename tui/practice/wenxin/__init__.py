"""Practice answers of Wenxin."""
