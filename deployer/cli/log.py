"""What libraries log, for people: nothing but errors without `--debug`, and never a secret.

Without a handler of ours Python prints every library's warnings to stderr as they come.
"""

import logging

import click

from deployer.cli.render import scrub


class ScrubbedHandler(logging.Handler):
    """One line on stderr for each record; tracebacks only when debugging."""

    def __init__(self, *, debug: bool) -> None:
        super().__init__(logging.WARNING if debug else logging.ERROR)
        self._debug = debug

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = f"{record.name}: {record.getMessage()}"
            if self._debug and record.exc_info:
                text += "\n" + logging.Formatter().formatException(record.exc_info)
            click.echo(scrub(text), err=True)
        except Exception:  # the log must not end what it tells of
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Stay silent: the library's own way prints the record unscrubbed."""


def tame_logging(*, debug: bool) -> None:
    """Put our handler, and only one, on the root logger."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, ScrubbedHandler)]:
        root.removeHandler(handler)
    root.addHandler(ScrubbedHandler(debug=debug))
