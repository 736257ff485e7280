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

# S3 accepts no larger object in a single PutObject request either.
MAX_OBJECT_BYTES = 5 * 1024**3

logger = logging.getLogger("function")


def score_object(
    service: Service, source: SourceObject, remaining_ms: Callable[[], float], *, part_bytes: int = PART_BYTES
) -> ReportedFile | None:
    """Write the object's predictions and, last, its report; return what they hold.

    Return None without writing if there is nothing to do: the report of this object and model exists already, the
    object was replaced or deleted in the meantime, or it is a folder or a result. A file that can never be scored gets
    a report that says why. `remaining_ms()` is the time left for the invocation, in milliseconds; `part_bytes`
    is the size of the parts of a multipart upload.

    Raises RetryLater if another delivery may succeed (no partial result is visible), BucketNotAllowed for an object
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
        logger.info("folder skipped", extra=where)
        return None
    check_time = partial(_require_time, remaining_ms)
    check_time()
    try:
        return _score_version(service, source, check_time, part_bytes)
    except Gone:
        # A new version has an event of its own.
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
    service: Service, source: SourceObject, check_time: Callable[[], None], part_bytes: int
) -> ReportedFile | None:
    settings, client = service.settings, service.clients.s3
    started = monotonic()
    reader = ObjectReader(client, source, check_time)
    subject = _make_subject(service, source, reader.version)

    def check_before_finish() -> None:
        check_time()
        if _has_report(service, subject):
            raise Gone  # a newer version was scored first

    if _has_report(service, subject):
        logger.info("file already scored", extra={"bucket": source.bucket, "key": source.key})
        return None

    tally = Tally()
    predictions: str | None = None
    refusal: RequestError | None = None
    service.model.load_for_tables()  # before the memory is limited: the file does not pay for the model
    try:
        with limit_memory(settings.memory):
            run = _Run(tally, check_time, check_before_finish, part_bytes)
            predictions = _write_predictions(service, source, reader, run)
    except RequestError as error:
        # Drop the traceback: its frames may hold as much memory as the file needed.
        refusal, error.__context__ = error.with_traceback(None), None
    if refusal is not None:
        check_before_finish()
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
        return  # no predictions are ever written for such a name
    key = make_predictions_key(settings.results_prefix, source.key, suffix)
    delete_stale_predictions(service.clients.s3, settings.results_bucket, key, source.sequencer)


class _Run(NamedTuple):
    """The scoring of one file: its counts, its two checks, which raise if it must stop, and the size of its parts."""

    tally: Tally
    check_time: Callable[[], None]
    check_before_finish: Callable[[], None]
    part_bytes: int


def _write_predictions(service: Service, source: SourceObject, reader: ObjectReader, run: _Run) -> str:
    """Write the predictions; return their key. Raises RequestError if the file can never be scored."""
    form = find_format(source.key)
    if reader.version.size > MAX_OBJECT_BYTES:
        raise InputTooLarge(f"The file is larger than {MAX_OBJECT_BYTES:,} bytes.")
    settings: Settings = service.settings
    key = make_predictions_key(settings.results_prefix, source.key, form.suffix)
    metadata = {SEQUENCER: source.sequencer} if source.sequencer else {}
    target = Target(settings.results_bucket, key, form.content_type, metadata)
    with Upload(service.clients.s3, target, part_bytes=run.part_bytes) as upload:
        growth = Growth(upload.write)
        job = Job(service.model, settings.strict_inputs, run.tally, growth.write, run.check_time, settings.memory)
        if form.suffix == ".parquet":
            from function.files.formats import parquet_file

            # The decoding process limits how far the rows of Parquet may grow.
            parquet_file.convert(job._replace(write=upload.write), reader)
        else:
            from function.files.formats import csv_file, json_lines_file
            from function.formats.gzip_stream import unpack_if_gzip

            blocks = unpack_if_gzip(reader.read_blocks(), has_gzip_name=form.gzip)
            (csv_file if form.suffix == ".csv" else json_lines_file).convert(job, growth.count_read(blocks))
        run.check_before_finish()
        upload.finish()
    return key


def _require_time(remaining_ms: Callable[[], float]) -> None:
    if remaining_ms() < RESERVE_MS:
        raise RetryLater("Too little time is left to score the file.")
