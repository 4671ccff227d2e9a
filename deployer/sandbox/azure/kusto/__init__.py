"""The query language of Resource Graph, as far as inventories are asked for in it."""
