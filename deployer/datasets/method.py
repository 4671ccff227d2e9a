"""How a model is trained on a data set: each kind of row belongs to one method, in the vendors' words."""

METHODS = ("supervised", "dpo", "reinforcement")

KINDS = {"chat": "supervised", "completion": "supervised", "preference": "dpo", "reinforcement": "reinforcement"}
"""The method that each kind of row is for."""

_ROWS = {
    "supervised": "chats that end with the answer to learn",
    "dpo": "preference pairs: `input`, `preferred_output`, `non_preferred_output`",
    "reinforcement": "prompts that end with a user message, and beside `messages` what the grader reads",
}


def method_of(kind: str) -> str:
    """The method that trains on rows of this kind."""
    return KINDS[kind]


def rows_of(method: str) -> str:
    """What its rows look like, for people."""
    return _ROWS[method]
