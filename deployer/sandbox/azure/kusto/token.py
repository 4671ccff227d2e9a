"""A query cut into words, texts, numbers and signs."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s*(?:(?P<comment>//[^\n]*)
    |(?P<text>@?"(?:[^"\\]|\\.)*"|@?'(?:[^'\\]|\\.)*')
    |(?P<number>\d+(?:\.\d+)?[dhms]?(?![\w]))
    |(?P<word>\$?[A-Za-z_][\w]*)
    |(?P<sign>=~|!~|==|!=|<=|>=|[=<>|,.()\[\]*+/!~-]))""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class InvalidQuery(ValueError):
    """A query that nobody can answer; `code` and `message` are what the service details."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Token:
    """`kind` is text, number, word, sign or end."""

    kind: str
    value: str
    at: int


class Reader:
    """Walks over the tokens of a query; what is not as expected raises InvalidQuery."""

    def __init__(self, query: str) -> None:
        self._tokens = [*_cut(query), Token("end", "", len(query))]
        self._at = 0

    @property
    def next(self) -> Token:
        return self._tokens[self._at]

    def take(self) -> Token:
        token = self.next
        self._at += token.kind != "end"
        return token

    def accept(self, *values: str) -> str:
        """The next word or sign if it is one of these, else an empty text."""
        if self.next.kind in ("word", "sign") and self.next.value.lower() in values:
            return self.take().value.lower()
        return ""

    def expect(self, *values: str) -> str:
        found = self.accept(*values)
        if not found:
            raise unexpected(self.next)
        return found

    def word(self) -> str:
        if self.next.kind != "word":
            raise unexpected(self.next)
        return self.take().value

    def joined(self) -> str:
        """A name with dashes, such as `project-away`."""
        name = self.word()
        while self.accept("-"):
            name += f"-{self.word()}"
        return name.lower()

    def name(self) -> str | None:
        """`NAME =` in front of an expression, None when there is none."""
        following = self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        if self.next.kind == "word" and following.kind == "sign" and following.value == "=":
            name = self.take().value
            self.take()
            return name
        return None


def unexpected(token: Token) -> InvalidQuery:
    return InvalidQuery("ParserFailure", f"ParserFailure at character {token.at}: '{token.value or 'end of query'}'")


def _cut(query: str) -> list[Token]:
    tokens, at = [], 0
    end = len(query.rstrip())
    while at < end:
        found = _TOKEN.match(query, at)
        if found is None or found.lastgroup is None:
            raise unexpected(Token("sign", query[at : at + 1], at))
        if found.lastgroup != "comment":
            tokens.append(Token(found.lastgroup, _plain(found.lastgroup, found[found.lastgroup]), found.start()))
        at = found.end()
    return tokens


def _plain(kind: str, text: str) -> str:
    if kind != "text":
        return text
    if text.startswith("@"):
        return text[2:-1]
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1])
