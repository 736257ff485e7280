"""Compile what makes numbers of texts: sklearn/feature_extraction/text.py."""

from collections.abc import Mapping
from typing import Any

import numpy

from function.model.contract import TEXTS
from function.model.dtypes import FLOAT32, FLOAT64
from function.runtimes.flat.texts import (
    CHARACTERS,
    INSIDE_WORDS,
    MOST_IN_BUCKET,
    MOST_TOGETHER,
    PARTS,
    PRIME,
    WORDS,
)
from function.runtimes.flat.token_patterns import compile_pattern
from training.compile.blocks import Arrays, Block, Column, NotCompiled
from training.compile.program import Program
from training.compile.scaling import normalize

# Those of a vectorizer's numbers: of whole ones, TfidfTransformer and what predicts make float64.
_DTYPES = {"float32": FLOAT32, "float64": FLOAT64, "int64": FLOAT64, "int32": FLOAT64}
_MOST_BYTES = 2**32


def compile_count_vectorizer(program: Program, vectorizer: Any, block: Block) -> Block:
    """Compile a CountVectorizer."""
    return _add_terms(program, vectorizer, block, _arrange(vectorizer.vocabulary_))


def compile_tfidf_vectorizer(program: Program, vectorizer: Any, block: Block) -> Block:
    """Compile a TfidfVectorizer: a CountVectorizer and a TfidfTransformer."""
    return compile_tfidf_transformer(program, vectorizer._tfidf, compile_count_vectorizer(program, vectorizer, block))


def compile_tfidf_transformer(program: Program, transformer: Any, block: Block) -> Block:
    """Compile a TfidfTransformer: logarithms of the counts, weights of the columns, norms of the rows."""
    block = program.pack(program.refuse(program.make_numbers(block)))
    if transformer.sublinear_tf:
        are_counts = program.get_step(block)[0] == "terms"
        block = program.apply(block, "log_plus_one")
        if are_counts:
            block = block._replace(columns=block.change_columns(lambda c: c._replace(is_finite=True, nullable=False)))
    if hasattr(transformer, "idf_"):
        column = block.columns[0]
        block = program.multiply(block, transformer.idf_)
        # Weights are logarithms, far below the largest number.
        block = block._replace(columns=block.change_columns(lambda c: c._replace(is_finite=column.is_finite)))
    return block if transformer.norm is None else normalize(program, block, transformer.norm)


def compile_hashing_vectorizer(program: Program, vectorizer: Any, block: Block) -> Block:
    """Compile a HashingVectorizer."""
    count, signs = int(vectorizer.n_features), bool(vectorizer.alternate_sign)
    made = _add_terms(program, vectorizer, block, {}, count=count, signs=signs)
    return made if vectorizer.norm is None else normalize(program, made, vectorizer.norm)


def _add_terms(program: Program, vectorizer: Any, block: Block, arrays: Arrays, **options: Any) -> Block:
    """Add the step that counts the terms of a text: those of a vocabulary, or hashed ones. Raises NotCompiled."""
    if block.width != 1 or block.columns[0].type not in TEXTS:
        raise NotCompiled(f"its {type(vectorizer).__name__} takes something else than one column of texts")
    if vectorizer.input != "content":
        raise NotCompiled(f"its {type(vectorizer).__name__} reads files")
    dtype = _DTYPES.get(numpy.dtype(vectorizer.dtype).name)
    if dtype is None:
        raise NotCompiled(f"its {type(vectorizer).__name__} counts in {numpy.dtype(vectorizer.dtype).name}")
    options |= {**describe_analysis(vectorizer), "binary": bool(vectorizer.binary)}
    op, width = ("terms", len(arrays["places"][1])) if arrays else ("hashed_terms", options["count"])
    return program.add(op, [block], [Column(dtype=dtype)] * width, arrays, **options)


def describe_analysis(vectorizer: Any) -> Mapping[str, Any]:
    """Describe how a vectorizer makes terms of a text, as function.runtimes.flat.texts reads it. Raises NotCompiled."""
    name = type(vectorizer).__name__
    options: dict[str, Any] = {"prepare": [], "split": PARTS, "pattern": None, "stop": [], "least": 1, "most": 1}
    if vectorizer.analyzer == str.split:
        return options
    if callable(vectorizer.analyzer):
        raise NotCompiled(f"its {name} makes terms with a function of its own")
    options["prepare"] = _describe_preparation(vectorizer)
    options["least"], options["most"] = map(int, vectorizer.ngram_range)
    if options["most"] > MOST_TOGETHER:
        raise NotCompiled(f"its {name} makes terms of more than {MOST_TOGETHER} words or characters")
    if vectorizer.analyzer != "word":
        return options | {"split": {"char": CHARACTERS, "char_wb": INSIDE_WORDS}[vectorizer.analyzer]}
    options["stop"] = sorted(vectorizer.get_stop_words() or ())
    if vectorizer.tokenizer == str.split:
        return options
    if vectorizer.tokenizer is not None:
        raise NotCompiled(f"its {name} finds words with a function of its own")
    try:
        compile_pattern(vectorizer.token_pattern)
    except ValueError:
        raise NotCompiled(
            f"its {name} finds words by the pattern {vectorizer.token_pattern!r}, which may take long for some texts, "
            "or has parts that are not known: characters and sets are, each with a count, as in \\b\\w\\w+\\b"
        ) from None
    return options | {"split": WORDS, "pattern": vectorizer.token_pattern}


def _describe_preparation(vectorizer: Any) -> list[str]:
    functions = {str.lower: "lower", str.strip: "strip"}
    if vectorizer.preprocessor is not None:
        if vectorizer.preprocessor not in functions:
            raise NotCompiled(f"its {type(vectorizer).__name__} prepares texts with a function of its own")
        return [functions[vectorizer.preprocessor]]
    if vectorizer.strip_accents not in (None, "ascii", "unicode"):
        raise NotCompiled(f"its {type(vectorizer).__name__} strips accents with a function of its own")
    return ["lower"] * bool(vectorizer.lowercase) + ([vectorizer.strip_accents] if vectorizer.strip_accents else [])


def _arrange(places: Mapping[str, Any]) -> Arrays:
    """Arrange the terms of a vocabulary in buckets, which find a term in a moment. Raises NotCompiled."""
    terms = [term.encode("utf-8", "surrogatepass") for term in places]
    columns = numpy.array([int(place) for place in places.values()])
    if sum(map(len, terms)) >= _MOST_BYTES:
        raise NotCompiled("its vocabulary has 4 GB or more")
    if not numpy.array_equal(numpy.sort(columns), numpy.arange(len(terms))):
        raise NotCompiled("its vocabulary does not number its terms from 0 on")
    hashes = numpy.array([int.from_bytes(term, "little") % PRIME for term in terms])
    for count in range(len(terms), 2 * len(terms) + 100):
        buckets = hashes % count
        sizes = numpy.bincount(buckets, minlength=count)
        if sizes.max() <= MOST_IN_BUCKET:
            break
    else:
        raise NotCompiled("its vocabulary has terms that cannot be told apart quickly")
    order = numpy.argsort(buckets, kind="stable")
    arranged = [terms[place] for place in order.tolist()]
    return {
        "text": ("B", numpy.frombuffer(b"".join(arranged), dtype=numpy.uint8)),
        "ends": ("I", numpy.cumsum([len(term) for term in arranged])),
        "places": ("I", columns[order]),
        "buckets": ("I", numpy.cumsum([0, *sizes.tolist()])),
    }
