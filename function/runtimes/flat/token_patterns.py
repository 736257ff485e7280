r"""Check the regular expressions that find the words of a text: only those that read any text in one pass are run.

Python's `re` goes back where a pattern does not fit, and some patterns make it go back for hours. What is taken here is
alternatives of single characters, such as `\b\w\w+\b` or `[a-z]+|[0-9]+`:

- each is a character, `.`, a class such as `\w`, or a set such as `[^\s,]`, a fixed number of times; the last one of
  an alternative may come any number of times
- `\b` may be its begin and its end. Behind a last one that comes any number of times it needs one at the begin, too:
  else each place of a long word would be a begin
- flags may be set for all of it, as in `(?i)`
- a single group may say which part is the word

The file's reader calls `compile_pattern` as well: the file may be written by anyone.
"""

import re

# More is no pattern for words.
_LONGEST = 500
# That of scikit-learn, which is taken: the check costs a millisecond at the start.
_USUAL = r"(?u)\b\w\w+\b"
# In so many ways may its counts fit, times the characters of each.
_MOST_TRIES = 3_000
_PART = r"""
    (?P<edge>\\b) | (?P<begin>\((?:\?:)?) | (?P<end>\)) | (?P<alternative>\|)
    | (?P<unit>
        \\[wWdDsS] | \\[^\w\s] | \.
        | \[\^?(?:\\[wWdDsSnrt] | \\u[0-9a-fA-F]{4} | \\[^\w\s] | [^\\\[\]])+\]
        | [^\\.^$*+?{}\[\]|()]
      )
      (?P<count>[*+?] | \{[0-9]{1,2}(?:,[0-9]{0,2})?\})?
"""
_FLAGS = r"\A\(\?[aiu]{1,2}\)"
_COUNTS = {None: (1, 1), "?": (0, 1), "*": (0, None), "+": (1, None)}


def compile_pattern(pattern: object) -> re.Pattern[str]:
    """Compile a pattern. Raises ValueError for one that is not taken."""
    if not isinstance(pattern, str) or len(pattern) > _LONGEST:
        raise ValueError("a pattern is no text, or too long")
    if pattern != _USUAL:
        _check_pattern(pattern)
    try:
        return re.compile(pattern)
    except re.error:
        raise ValueError("a pattern is no regular expression") from None


def _check_pattern(pattern: str) -> None:
    part_of_pattern = re.compile(_PART, re.VERBOSE)
    body = re.sub(_FLAGS, "", pattern)
    alternatives: list[list[re.Match[str]]] = [[]]
    groups = ""
    at = 0
    while at < len(body):
        part = part_of_pattern.match(body, at)
        if part is None:
            raise ValueError("a pattern has a part that is not taken")
        at = part.end()
        if part["begin"] or part["end"]:
            groups += "(" if part["begin"] else ")"
        elif not part["alternative"]:
            alternatives[-1].append(part)
        elif groups in ("", "()"):
            alternatives.append([])
        else:
            raise ValueError("a pattern has alternatives in a group")
    if groups not in ("", "()"):
        raise ValueError("a pattern has several groups, or half of one")
    if sum(map(_count_tries, alternatives)) > _MOST_TRIES:
        raise ValueError("a pattern may read a text many times")


def _count_tries(parts: list[re.Match[str]]) -> int:
    """Count how many characters an alternative may look at from each place of a text. Raises ValueError."""
    begins = bool(parts) and bool(parts[0]["edge"])
    ends = len(parts) > 1 and bool(parts[-1]["edge"])
    units = parts[begins : len(parts) - ends]
    if not units or any(unit["edge"] for unit in units):
        raise ValueError("a pattern has an edge inside of a word, or no word")
    ways, size = 1, 0
    for unit in units:
        low, high = _read_count(unit["count"])
        if high is None and (unit is not units[-1] or (ends and not begins and unit["unit"] != r"\w")):
            raise ValueError("a pattern may read a text many times")
        ways *= 1 if high is None else max(1, high - low + 1)
        size += high or low
    return ways * size


def _read_count(count: str | None) -> tuple[int, int | None]:
    if count in _COUNTS:
        return _COUNTS[count]
    low, comma, high = str(count)[1:-1].partition(",")
    return int(low), int(high) if high else None if comma else int(low)
