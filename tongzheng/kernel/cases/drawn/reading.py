"""XML as a drawing comes: read safely and whole, so that it can be written back as it was.

No document type, hence no entity and nothing external, is ever followed; size, depth and the number of elements are
bounded. Names keep the prefixes of their author, for every vendor's extensions must come out as they went in.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from tongzheng.kernel.core.errors import BadFile
from tongzheng.kernel.core.text import T

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DI = "http://www.omg.org/spec/DD/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
OURS = "urn:tongzheng:bpmn:1"
XML = "http://www.w3.org/XML/1998/namespace"

MOST_BYTES = 16 * 1024 * 1024
MOST_ELEMENTS = 200_000
MOST_ATTRIBUTES = 1_000_000
DEEPEST = 200
CHARSETS = re.compile(
    r"gb2312|gbk|gb18030|big5|windows-125\d|iso-8859-\d{1,2}|koi8-r|shift_jis|euc-jp|euc-kr"
)
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")


class BadDrawing(BadFile):
    """A drawing cannot be read; the words say at which line and element."""

    code = "bad-drawing"
    title = T("流程图文件不能读取", "The drawing cannot be read")

    def __init__(self, words: T, *, line: int = 0, column: int = 0, element: str = "") -> None:
        place = T("第 {line} 行", "line {line}").fill(line=line) if line else T("文件", "file")
        if element:
            place = T("{place}，元素 {element}", "{place}, element {element}").fill(
                place=place, element=element
            )
        super().__init__(T("{place}：{words}", "{place}: {words}").fill(place=place, words=words))
        self.line, self.column, self.element, self.reason = line, column, element, words


@dataclass(slots=True, eq=False)
class Node:
    """One element. `name` as written, with its prefix; `space` and `local` resolved; `parts` its content in order:
    nodes, text, and what else stood there."""

    name: str
    space: str
    local: str
    attributes: dict[str, str]
    line: int
    parts: list[Node | str | Other] = field(default_factory=list)

    def children(self) -> Iterator[Node]:
        """Yield the elements directly inside."""
        for part in self.parts:
            if isinstance(part, Node):
                yield part

    def walk(self) -> Iterator[Node]:
        """Yield this element and all inside it, in document order."""
        todo = [self]
        while todo:
            node = todo.pop()
            yield node
            todo += reversed([part for part in node.parts if isinstance(part, Node)])

    def child(self, local: str, space: str = BPMN) -> Node | None:
        """Return the first element of that name directly inside, or None."""
        for node in self.children():
            if node.local == local and node.space == space:
                return node
        return None

    def every(self, local: str, space: str = BPMN) -> list[Node]:
        """Return the elements of that name directly inside."""
        return [node for node in self.children() if node.local == local and node.space == space]

    def get(self, name: str, otherwise: str = "") -> str:
        """Return an attribute without prefix."""
        return self.attributes.get(name, otherwise)

    def text(self) -> str:
        """Return the text directly inside, marked-off sections included, without the white space around it."""
        return "".join(
            part if isinstance(part, str) else part.text
            for part in self.parts
            if isinstance(part, str) or (isinstance(part, Other) and part.kind == "cdata")
        ).strip()


@dataclass(frozen=True, slots=True)
class Other:
    """What is neither element nor plain text. `kind`: "comment", "cdata" or "instruction"."""

    kind: str
    text: str
    target: str = ""


@dataclass(slots=True, eq=False)
class Document:
    """A whole file: what stood before the root, the root, what stood behind."""

    root: Node
    before: list[Other] = field(default_factory=list)
    behind: list[Other] = field(default_factory=list)
    encoding: str = "UTF-8"
    standalone: int = -1


def read(content: bytes) -> Document:
    """Read XML. Raises BadDrawing, saying at which line and element, for what is malformed, too large, or has a
    document type, entities or an unknown encoding."""
    if len(content) > MOST_BYTES:
        raise BadDrawing(T("超过 {n} MB", "more than {n} MB").fill(n=MOST_BYTES // 1024 // 1024))
    text, encoding = _decoded(content)
    reader = _Reader(encoding)
    return reader.read(text)


def _decoded(content: bytes) -> tuple[bytes, str | None]:
    """Return what the parser takes, with the encoding to force on it (None: as the file declares)."""
    found = _DECLARED.match(content[:400])
    if found is None:
        return content, None
    name = found[1].decode().lower()
    if name in ("utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "utf-16"):
        return content, None
    if not CHARSETS.fullmatch(name):
        raise BadDrawing(T("不认识的字符编码 {name}", "unknown encoding {name}").fill(name=name), line=1)
    try:
        return codecs.decode(content, name).encode("utf-8"), "utf-8"
    except (UnicodeDecodeError, LookupError):
        raise BadDrawing(
            T("内容不是所声明的编码 {name}", "the content is not in its encoding {name}").fill(name=name),
            line=1,
        ) from None


class _Reader:
    """Builds the tree from the parser's calls; every bound is checked while reading, not after."""

    def __init__(self, encoding: str | None) -> None:
        parser = expat.ParserCreate(encoding=encoding)
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.ExternalEntityRefHandler = self._external
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.CommentHandler = self._comment
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartCdataSectionHandler = self._cdata_start
        parser.EndCdataSectionHandler = self._cdata_end
        self.parser = parser
        self.stack: list[Node] = []
        self.spaces: list[dict[str, str]] = [{"xml": XML, "": ""}]
        self.root: Node | None = None
        self.before: list[Other] = []
        self.behind: list[Other] = []
        self.encoding, self.standalone = "UTF-8", -1
        self.cdata: list[str] | None = None
        self.elements = self.attributes = 0

    def read(self, content: bytes) -> Document:
        try:
            self.parser.Parse(content, True)
        except expat.ExpatError as error:
            raise self._malformed(error) from None
        if self.root is None:
            raise self._bad(T("没有内容", "there is nothing in it"))
        return Document(self.root, self.before, self.behind, self.encoding, self.standalone)

    def _malformed(self, error: expat.ExpatError) -> BadDrawing:
        reason = expat.errors.messages.get(error.code, "not well-formed")
        words = T("不是完好的 XML（{reason}）", "not well-formed XML ({reason})").fill(reason=reason)
        return BadDrawing(words, line=error.lineno, column=error.offset, element=self._here())

    def _bad(self, words: T) -> BadDrawing:
        return BadDrawing(words, line=self.parser.CurrentLineNumber, element=self._here())

    def _here(self) -> str:
        return self.stack[-1].name[:80] if self.stack else ""

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        self.encoding, self.standalone = encoding or "UTF-8", standalone

    def _doctype(self, *_: Any) -> None:
        raise self._bad(
            T("不接受文档类型声明（DOCTYPE）和实体", "document types (DOCTYPE) and entities are not taken")
        )

    def _entity(self, *_: Any) -> None:
        raise self._bad(T("不接受实体", "entities are not taken"))

    def _external(self, *_: Any) -> int:
        raise self._bad(T("不接受外部实体", "external entities are not taken"))

    def _start(self, name: str, listed: list[str]) -> None:
        self.elements += 1
        self.attributes += len(listed) // 2
        if self.elements > MOST_ELEMENTS or self.attributes > MOST_ATTRIBUTES:
            raise self._bad(T("元素超过 {n} 个", "more than {n} elements").fill(n=MOST_ELEMENTS))
        if len(self.stack) >= DEEPEST:
            raise self._bad(T("嵌套超过 {n} 层", "nested more than {n} deep").fill(n=DEEPEST))
        attributes = dict(zip(listed[::2], listed[1::2], strict=True))
        spaces = self.spaces[-1]
        declared = {
            key.partition(":")[2]: value
            for key, value in attributes.items()
            if key == "xmlns" or key.startswith("xmlns:")
        }
        if declared:
            spaces = {**spaces, **declared}
        self.spaces.append(spaces)
        prefix, _, local = name.rpartition(":")
        if prefix not in spaces:
            raise self._bad(
                T("没有声明的命名空间前缀 {prefix}", "undeclared namespace prefix {prefix}").fill(
                    prefix=prefix[:80]
                )
            )
        node = Node(name, spaces[prefix], local, attributes, self.parser.CurrentLineNumber)
        if self.stack:
            self.stack[-1].parts.append(node)
        else:
            self.root = node
        self.stack.append(node)

    def _end(self, _: str) -> None:
        self.stack.pop()
        self.spaces.pop()

    def _text(self, text: str) -> None:
        if self.cdata is not None:
            self.cdata.append(text)
        elif self.stack:
            self.stack[-1].parts.append(text)

    def _other(self, part: Other) -> None:
        if self.stack:
            self.stack[-1].parts.append(part)
        else:
            (self.before if self.root is None else self.behind).append(part)

    def _comment(self, text: str) -> None:
        self._other(Other("comment", text))

    def _instruction(self, target: str, text: str) -> None:
        self._other(Other("instruction", text, target))

    def _cdata_start(self) -> None:
        self.cdata = []

    def _cdata_end(self) -> None:
        text, self.cdata = "".join(self.cdata or ()), None
        self._other(Other("cdata", text))
