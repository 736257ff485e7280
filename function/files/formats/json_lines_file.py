"""JSON lines: write each object unchanged, with the members of its prediction added, one line for each line.

Members that are not features are kept. For a line that is not an object, or already has a member that would be added,
only the added members are written, with the line's number as `line`. Empty lines are skipped.
"""

from collections.abc import Iterable, Iterator, Sequence

from function.errors import RESERVED_MEMBER, WRONG_TYPE, InputTooLarge, MalformedInput, Problem
from function.files.chunk import ScoredRows, read_values, score_rows
from function.files.job import Job
from function.files.report import format_problems, make_warning_documents
from function.formats import strict_json
from function.formats.csv_text import UTF_8_MARK
from function.model.target import describe_prediction, describe_scores

_SPACE = b" \t\r\n"
_MISSING = object()
# In bytes. A parsed line takes up to 25 times as much memory as its text; a longer line is reduced to its features.
_SMALL_LINE_BYTES = 16 * 1024


def convert(job: Job, blocks: Iterable[bytes]) -> None:
    """Score the lines. Raises InputTooLarge if a line is too long."""
    chunk = _Chunk(job)
    for number, line in enumerate(_split_lines(blocks, job.limits.row_characters), 1):
        text = line.removeprefix(UTF_8_MARK).strip(_SPACE)
        if text:
            chunk.add(number, text)
    chunk.flush()


def _split_lines(blocks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        if len(rest) > max_bytes or any(len(line) > max_bytes for line in whole):
            raise InputTooLarge(f"A line of the file is longer than {max_bytes:,} bytes.")
        yield from whole
    yield rest


class _Chunk:
    """The lines that are scored together, with their numbers and parsed values."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._added = job.model.manifest.outputs.members
        self._start()

    def _start(self) -> None:
        self._texts: list[bytes] = []
        self._lines: list[int] = []
        self._values: list[dict[str, object]] = []
        self._faults: dict[int, list[Problem]] = {}
        self._size = 0

    def add(self, number: int, text: bytes) -> None:
        """Add a line; score and write the chunk if it is full."""
        try:
            value, faults = _read_object(text, self._added)
        except MalformedInput as error:
            value, faults = {}, [Problem("", error.code, str(error).replace("The body", "The line", 1))]
        if faults:
            self._faults[len(self._texts)] = faults
        self._texts.append(b"" if faults else text)
        self._lines.append(number)
        if len(text) > _SMALL_LINE_BYTES:
            # Keep only the features, and no nested values: either may have any number of members.
            value = {f.name: _drop_nested(value[f.name]) for f in self._job.features if f.name in value}
        self._values.append(value)
        self._size += len(text)
        if len(self._texts) == self._job.chunk_rows or self._size > self._job.limits.characters:
            self.flush()

    def flush(self) -> None:
        """Score the chunk and write it."""
        self._job.check_time()
        if not self._texts:
            return
        features, values = self._job.features, self._values
        scored = score_rows(
            self._job.model.load_for_tables(),
            [read_values(f, [value.get(f.name, _MISSING) for value in values]) for f in features],
            lambda row: {f.name: values[row][f.name] for f in features if f.name in values[row]},
            self._faults,
            strict=self._job.strict,
        )
        self._job.tally.add(scored, self._lines)
        self._job.write(b"".join(self._format_lines(scored)))
        self._start()

    def _format_lines(self, scored: ScoredRows) -> Iterator[bytes]:
        manifest = self._job.model.manifest
        targets, outputs = manifest.targets, manifest.outputs
        before = f"{{{strict_json.dumps(outputs.prediction)}: ".encode()
        after = f", {strict_json.dumps(outputs.warnings)}: [], {strict_json.dumps(outputs.error)}: null}}".encode()
        for row, (text, output) in enumerate(zip(self._texts, scored.outputs, strict=True)):
            if output and len(output) == 1 and type(output[0]) is float and row not in scored.warnings:
                yield _join_objects(text, before + repr(output[0]).encode() + after)
                continue
            problems = scored.problems.get(row)
            added: dict[str, object] = {outputs.prediction: output and describe_prediction(targets, output)}
            if outputs.scores:
                added[outputs.scores] = output and describe_scores(targets, output)
            added[outputs.warnings] = make_warning_documents(scored.warnings.get(row, ()))
            added[outputs.error] = format_problems(problems) if problems else None
            if not text:
                added["line"] = self._lines[row]
            yield _join_objects(text or b"{}", strict_json.dumps(added).encode())


def _read_object(text: bytes, added: Sequence[str]) -> tuple[dict[str, object], list[Problem]]:
    """Parse the object in a line; return it and the problems of the line as a whole. Raises MalformedInput."""
    value = strict_json.loads(text)
    if not isinstance(value, dict):
        return {}, [Problem("", WRONG_TYPE, "expected an object of features")]
    taken = [name for name in added if name in value]
    if taken:
        return {}, [Problem("", RESERVED_MEMBER, f"the results add {', '.join(taken)}: rename the member of the line")]
    return value, []


def _drop_nested(value: object) -> object:
    """Empty the value if it is an array or an object, which no feature takes."""
    return type(value)() if isinstance(value, list | dict) else value


def _join_objects(text: bytes, added: bytes) -> bytes:
    """Join the members of both objects, unchanged, into one object."""
    inside = text[:-1].rstrip(_SPACE)
    return inside + (b"" if inside == b"{" else b", ") + added[1:] + b"\n"
