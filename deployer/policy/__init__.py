"""The policy language and the decision: what the files say, and what follows from it for what was seen."""
