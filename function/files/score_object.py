"""Score one object: read it, write its predictions and, last, its report."""

import logging
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import NamedTuple

from function.deadline import RESERVE_MS
from function.errors import BucketNotAllowed, InputTooLarge, RequestError, RetryLater
from function.files.bounds import Growth, limit_memory
from function.files.job import Job
from function.files.keys import find_format, make_predictions_key, make_report_key
from function.files.report import ReportSubject, Tally, encode_report, is_done, read_report
from function.files.reported_file import ReportedFile
from function.files.s3_errors import Gone
from function.files.s3_events import SourceObject
from function.files.s3_reader import ObjectReader, Version
from function.files.s3_writer import PART_BYTES, Target, Upload
from function.files.stale_predictions import SEQUENCER, delete_stale_predictions
from function.service import Service
from function.settings import Settings

# S3 takes no larger object in one piece either.
MAX_OBJECT_BYTES = 5 * 1024**3

logger = logging.getLogger("function")


def score_object(
    service: Service, source: SourceObject, remaining_ms: Callable[[], float], *, part_bytes: int = PART_BYTES
) -> ReportedFile | None:
    """Write the object's predictions and, last, its report; return what they hold.

    Return None without writing where there is nothing to do: the report of this object and model exists already, the
    object was replaced or deleted in the meantime, or it is a folder or a result. A file that can never be scored gets
    a report that says why. `remaining_ms()` is the time left for the invocation, in milliseconds; `part_bytes`
    is the size of the parts of a multipart upload.

    Raises RetryLater where another delivery may succeed (nothing half done is visible), BucketNotAllowed for an object
    of a bucket other than INPUT_BUCKET, SettingError.
    """
    settings = service.settings
    where = {"bucket": source.bucket, "key": source.key}
    allowed, results = settings.require("input_bucket"), settings.require("results_bucket")
    if source.bucket == results and source.key.startswith(settings.results_prefix):
        logger.warning("results are not scored again", extra=where)
        return None
    if source.bucket != allowed:
        raise BucketNotAllowed("The event names another bucket than INPUT_BUCKET: nothing was read.")
    if source.key.endswith("/"):
        logger.info("folder passed over", extra=where)
        return None
    look_at_the_time = partial(_check_time, remaining_ms)
    look_at_the_time()
    try:
        return _score_version(service, source, look_at_the_time, part_bytes)
    except Gone:
        # Whatever replaced it has an event of its own.
        logger.warning("object replaced or deleted before it was scored", extra=where)
        return None


def is_scored(service: Service, source: SourceObject) -> bool:
    """Tell whether the report of exactly this object exists. Does not read the object itself.

    Raises RetryLater, SettingError.
    """
    version = Version(source.version_id, source.etag or "", -1 if source.size is None else source.size, None)
    return _has_report(service, _make_subject(service, source, version))


def _make_subject(service: Service, source: SourceObject, version: Version) -> ReportSubject:
    return ReportSubject(source, version, service.model.manifest.identity, service.settings.strict_inputs)


def _has_report(service: Service, subject: ReportSubject) -> bool:
    settings = service.settings
    key = make_report_key(settings.results_prefix, subject.source.key)
    return is_done(read_report(service.clients.s3, settings.require("results_bucket"), key), subject)


def _score_version(
    service: Service, source: SourceObject, look_at_the_time: Callable[[], None], part_bytes: int
) -> ReportedFile | None:
    settings, client = service.settings, service.clients.s3
    started = monotonic()
    reader = ObjectReader(client, source, look_at_the_time)
    subject = _make_subject(service, source, reader.version)

    def before_it_is_seen() -> None:
        look_at_the_time()
        if _has_report(service, subject):
            raise Gone  # a newer version was faster

    if _has_report(service, subject):
        logger.info("file scored before", extra={"bucket": source.bucket, "key": source.key})
        return None

    tally = Tally()
    predictions: str | None = None
    refusal: RequestError | None = None
    service.model.load_for_tables()  # before the memory is bounded: it is no cost of the file
    try:
        with limit_memory(settings.memory):
            watch = Watch(tally, look_at_the_time, before_it_is_seen)
            predictions = _write_predictions(service, source, reader, watch, part_bytes)
    except RequestError as error:
        # Without what was at hand where it was raised, which may be as large as what it tells of.
        refusal, error.__context__ = error.with_traceback(None), None
    if refusal is not None:
        before_it_is_seen()
        _delete_stale(service, source)
    report = encode_report(subject, tally, predictions, refusal, monotonic() - started)
    key = make_report_key(settings.results_prefix, source.key)
    with Upload(client, Target(settings.results_bucket, key, "application/json")) as upload:
        upload.write(report)
        upload.finish()
    outcome = {"rows": tally.read, "rejected": tally.rejected, "code": refusal.code if refusal else None}
    logger.info("file done", extra={"bucket": source.bucket, "key": source.key, **outcome})
    if refusal is not None:
        return ReportedFile(refusal=refusal)
    return ReportedFile(tally.read - tally.rejected, tally.rejected, tally.warnings)


def _delete_stale(service: Service, source: SourceObject) -> None:
    settings = service.settings
    try:
        suffix = find_format(source.key).suffix
    except RequestError:
        return  # of such a name there never were any
    key = make_predictions_key(settings.results_prefix, source.key, suffix)
    delete_stale_predictions(service.clients.s3, settings.results_bucket, key, source.sequencer)


class Watch(NamedTuple):
    """What is counted and looked at while a file is scored; the latter two raise where there is no going on."""

    tally: Tally
    between_chunks: Callable[[], None]
    before_it_is_seen: Callable[[], None]


def _write_predictions(
    service: Service, source: SourceObject, reader: ObjectReader, watch: Watch, part_bytes: int
) -> str:
    """The key of the predictions. Raises RequestError where the file can never be scored."""
    form = find_format(source.key)
    if reader.version.size > MAX_OBJECT_BYTES:
        raise InputTooLarge(f"The file is larger than {MAX_OBJECT_BYTES:,} bytes.")
    settings: Settings = service.settings
    key = make_predictions_key(settings.results_prefix, source.key, form.suffix)
    metadata = {SEQUENCER: source.sequencer} if source.sequencer else {}
    target = Target(settings.results_bucket, key, form.content_type, metadata)
    with Upload(service.clients.s3, target, part_bytes=part_bytes) as upload:
        growth = Growth(upload.write)
        job = Job(
            service.model, settings.strict_inputs, watch.tally, growth.write, watch.between_chunks, settings.memory
        )
        if form.suffix == ".parquet":
            from function.files.formats import parquet_file

            # How far it may grow is known to who decodes it.
            parquet_file.convert(job._replace(write=upload.write), reader)
        else:
            from function.files.formats import csv_file, json_lines_file
            from function.formats.gzip_stream import unpack_if_gzip

            blocks = unpack_if_gzip(reader.blocks(), has_gzip_name=form.gzip)
            (csv_file if form.suffix == ".csv" else json_lines_file).convert(job, growth.read(blocks))
        watch.before_it_is_seen()
        upload.finish()
    return key


def _check_time(remaining_ms: Callable[[], float]) -> None:
    if remaining_ms() < RESERVE_MS:
        raise RetryLater("There was too little time left for the file.")
