"""Raw request bodies with the status and code that each gets; loops make them where a rule does."""

from tests.unit import corpus_csv, corpus_json_texts, corpus_json_values, corpus_media_types
from tests.unit.corpus_case import Case

CASES: tuple[Case, ...] = (
    *corpus_json_values.wrong_values(),
    *corpus_json_values.missing_and_unknown(),
    *corpus_json_values.instances(),
    *corpus_json_values.top_level(),
    *corpus_json_values.make_refused_by_the_model(),
    *corpus_json_texts.duplicates(),
    *corpus_json_texts.unicode(),
    *corpus_json_texts.make_broken_json(),
    *corpus_json_texts.depth_and_size(),
    *corpus_csv.csv_bodies(),
    *corpus_media_types.media_types(),
)
