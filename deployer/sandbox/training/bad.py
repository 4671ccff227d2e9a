"""What is wrong with a request for a job."""


class BadOrder(ValueError):
    """A request that the vendor refuses with 400; `param` is the field."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.param = param
