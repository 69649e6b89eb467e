"""Text → tokens. Names may hold spaces, symbols and keywords, so this is where they are told apart.

Two words beside each other are never two things in FEEL, so they are one name, until a keyword. Names with symbols or
keywords inside are found only because they are known: built in, declared by the model, or keys of the text itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .names import CHAIN, PART, SPACE, STOPS, SYMBOLS, WORD, WORDS, Names, tidy
from .notes import NotFeel

MAX_TEXT = 100_000
MAX_TOKENS = 20_000

GAP = re.compile(rf"(?:[{SPACE}]+|//[^\r\n]*|/\*.*?\*/)+", re.DOTALL)
NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{6})|([nrt'\"\\]))")
SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "'": "'", '"': '"', "\\": "\\"}
KEY = re.compile(rf"([{PART}{re.escape(SYMBOLS)}{SPACE}]+):")
OF = re.compile(rf"[{SPACE}]+of(?![{PART}])")
TYPE_OPEN = re.compile(rf"[{SPACE}]*<")
FULL_WIDTH = dict(zip("，（）：；“”‘’＜＞＝－＋、。【】！", ",():;\"\"''<>=-+,.[]!", strict=True))

OPERATORS = (
    ("..", "DOTS"), ("**", "POW"), ("->", "ARROW"), ("<=", "LE"), (">=", "GE"), ("!=", "NE"), ("+", "PLUS"),
    ("-", "MINUS"), ("*", "STAR"), ("/", "SLASH"), ("<", "LT"), (">", "GT"), ("=", "EQ"), (",", "COMMA"),
    (":", "COLON"), ("(", "LPAR"), (")", "RPAR"), ("{", "LBRACE"), ("}", "RBRACE"), (".", "DOT"),
)  # fmt: skip
OPENS_OPERAND = frozenset(
    [
        "PLUS",
        "MINUS",
        "STAR",
        "SLASH",
        "POW",
        "LT",
        "LE",
        "GT",
        "GE",
        "EQ",
        "NE",
        "COMMA",
        "LPAR",
        "LSQB",
        "RANGE_L",
        "COLON",
        "KEY",
        "ARGNAME",
        "DOTS",
        "IF",
        "THEN",
        "ELSE",
        "IN",
        "BETWEEN",
        "AND",
        "OR",
        "RETURN",
        "SATISFIES",
        "NOT",
    ]
)
"""After these an expression begins, so `]` opens a range there."""
ENDS = frozenset(")],}=!<>*/") | frozenset(["", "]"])
TYPES = {"list": "LIST_LT", "range": "RANGE_LT", "context": "CONTEXT_LT", "function": "FUNCTION_LT"}
BUILT_IN = ("date and time", "years and months duration", "days and time duration")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text: what it is, what it says, where it begins."""

    type: str
    value: str
    at: int


@dataclass(slots=True)
class _Bracket:
    kind: str
    dots: bool = False


class Lexer:
    """One pass over one text."""

    def __init__(self, text: str, names: Names, members: Names, *, unary: bool) -> None:
        if len(text) > MAX_TEXT:
            raise NotFeel("表达式过长", "the expression is too long")
        self.text = text
        self.names = names
        self.members = members
        self.unary = unary
        self.own = Names(BUILT_IN)
        self.tokens: list[Token] = []
        self.stack: list[_Bracket] = []
        self.at = 0

    def run(self) -> list[Token]:
        """Return the tokens. Raises NotFeel at a character that begins none."""
        text, end = self.text, len(self.text)
        while True:
            if gap := GAP.match(text, self.at):
                self.at = gap.end()
            if self.at >= end:
                break
            self._one()
            if len(self.tokens) > MAX_TOKENS:
                raise NotFeel("表达式过长", "the expression is too long", at=self.at)
        return self.tokens

    def _one(self) -> None:
        text, at, here = self.text, self.at, self.text[self.at]
        if self._before in ("LPAR", "LBRACE", "COMMA", "CONTEXT_LT") and self._named(at):
            return
        if here == '"' or (here == "@" and text[at + 1 : at + 2] == '"'):
            self._string(at, here)
        elif WORD.match(here):
            self._word(at)
        elif here == "]" or here == "[":
            self._square(at, here)
        elif text.startswith("..", at) or not (number := NUMBER.match(text, at)):
            self._operator(at, here)
        else:
            self._put("NUMBER", number[0], at, number.end())

    @property
    def _before(self) -> str:
        return self.tokens[-1].type if self.tokens else ""

    def _put(self, type: str, value: str, at: int, end: int) -> None:
        self.tokens.append(Token(type, value, at))
        self.at = end

    def _named(self, at: int) -> bool:
        """Read the key of a context entry, or the name before the colon of an argument or parameter."""
        inside = self.stack[-1].kind if self.stack else ""
        if inside not in ("{", "(", "params", "context<"):
            return False
        found = KEY.match(self.text, at)
        if found is None or not WORD.match(found[1]):
            return False
        name = tidy(found[1])
        self._put("KEY" if inside == "{" else "ARGNAME", name, at, found.end())
        if inside in ("{", "params"):
            self.own.add(name)
        return True

    def _string(self, at: int, here: str) -> None:
        begin = at + (here == "@")
        found = STRING.match(self.text, begin)
        if found is None:
            raise NotFeel("引号没有闭合", "a quotation mark is not closed", at=at)
        self._put("AT" if here == "@" else "STRING", unescape(found[1], at), at, found.end())

    def _word(self, at: int) -> None:
        text = self.text
        found = WORD.match(text, at)
        assert found is not None
        word, end = found[0], found.end()
        known: tuple[str, int] | None = None
        for names in self._in_sight():
            found_name = names.match(text, at, word)
            if found_name and (known is None or found_name[1] > known[1]):
                known = found_name
        plain = at, end
        if word not in WORDS or self._before == "DOT":
            plain = at, self._chain(end)
        if known and known[1] >= plain[1]:
            self._put("NAME", known[0], at, known[1])
        elif self._before == "DOT" or word not in WORDS:
            self._name(tidy(text[at : plain[1]]), at, plain[1])
        else:
            self._keyword(word, at, end)

    def _in_sight(self) -> tuple[Names, ...]:
        """Return the names that may stand here: entries of contexts only after a dot and in a filter."""
        if self._before == "DOT" or any(bracket.kind == "filter" for bracket in self.stack):
            return self.names, self.own, self.members
        return self.names, self.own

    def _chain(self, end: int) -> int:
        """Return where the words that belong to one name end."""
        text = self.text
        while more := CHAIN.match(text, end):
            word = more[1]
            if word in STOPS or (word == "instance" and OF.match(text, more.end())):
                break
            end = more.end()
        return end

    def _name(self, name: str, at: int, end: int) -> None:
        if name == "external" and self.text[end:].lstrip().startswith("{") and self._before == "RPAR":
            self._put("EXTERNAL", name, at, end)
        elif name in TYPES and self._typed() and (less := TYPE_OPEN.match(self.text, end)):
            self._put(TYPES[name], name, at, less.end())
            self.stack.append(_Bracket("context<" if name == "context" else "<"))
        else:
            self._put("NAME", name, at, end)

    def _typed(self) -> bool:
        """Tell whether a type is to be written here."""
        inside = self.stack[-1].kind if self.stack else ""
        before = self._before
        return (
            before in ("INSTANCE_OF", "LIST_LT", "RANGE_LT", "FUNCTION_LT", "ARROW")
            or (before == "ARGNAME" and inside in ("params", "context<"))
            or (before == "COMMA" and inside == "<")
        )

    def _keyword(self, word: str, at: int, end: int) -> None:
        if word == "instance":
            if found := OF.match(self.text, end):
                self._put("INSTANCE_OF", "instance of", at, found.end())
            else:
                self._name(word, at, self._chain(end))
        elif word == "function":
            less = TYPE_OPEN.match(self.text, end)
            if self._typed() and less:
                self._put("FUNCTION_LT", word, at, less.end())
                self.stack.append(_Bracket("<"))
            elif self._typed():
                self._put("NAME", word, at, end)
            else:
                self._put("FUNCTION", word, at, end)
        elif word == "not":
            first = self.unary and not self.tokens and self.text[end:].lstrip().startswith("(")
            self._put("NOT" if first else "NAME", word, at, end)
        else:
            self._put(word.upper(), word, at, end)

    def _square(self, at: int, here: str) -> None:
        before = self._before
        if here == "[":
            if self.stack and self.stack[-1].dots and before not in OPENS_OPERAND and self._ends(at + 1):
                self.stack.pop()
                self._put("RANGE_R", here, at, at + 1)
                return
            self.stack.append(_Bracket("filter" if before and before not in OPENS_OPERAND else "["))
            self._put("LSQB", here, at, at + 1)
        elif not before or (before in OPENS_OPERAND and before != "LSQB"):
            self.stack.append(_Bracket("["))
            self._put("RANGE_L", here, at, at + 1)
        else:
            if self.stack:
                self.stack.pop()
            self._put("RSQB", here, at, at + 1)

    def _ends(self, at: int) -> bool:
        """Tell whether what follows cannot begin an expression."""
        gap = GAP.match(self.text, at)
        at = gap.end() if gap else at
        here = self.text[at : at + 1]
        if here in ENDS:
            return True
        word = WORD.match(self.text, at)
        return bool(word and (word[0] in STOPS or word[0] == "instance"))

    def _operator(self, at: int, here: str) -> None:
        sign, type = next((one for one in OPERATORS if self.text.startswith(one[0], at)), ("", ""))
        if not sign:
            if here in FULL_WIDTH:
                raise NotFeel(
                    f"全角标点“{here}”请改用半角“{FULL_WIDTH[here]}”",
                    f"write {FULL_WIDTH[here]!r} instead of the full-width {here!r}",
                    at=at,
                )
            raise NotFeel(f"不认识的字符“{here}”", f"unexpected character {here!r}", at=at)
        if type == "LPAR":
            self.stack.append(_Bracket("params" if self._before == "FUNCTION" else "("))
        elif type == "LBRACE":
            self.stack.append(_Bracket("{"))
        elif (type in ("RPAR", "RBRACE") and self.stack) or (
            type == "GT" and self.stack and self.stack[-1].kind in ("<", "context<")
        ):
            self.stack.pop()
        elif type == "DOTS" and self.stack:
            self.stack[-1].dots = True
        self._put(type, sign, at, at + len(sign))


def unescape(text: str, at: int = -1) -> str:
    """Return a string literal's content; an escape that FEEL does not have stays as it is."""
    if "\\" not in text:
        return text

    def one(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        if code is None:
            return SIMPLE[found[3]]
        if not 0 < int(code, 16) <= 0x10FFFF:
            raise NotFeel("没有这样的字符", "there is no such character", at=at)
        return chr(int(code, 16))

    whole = ESCAPE.sub(one, text)
    try:
        return whole.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise NotFeel("半个代理字符", "half of a surrogate pair", at=at) from None
