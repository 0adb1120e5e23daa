"""The frame around every screen: header, rules, hint bar and footer."""
