"""Count the outcomes of messages and files.

Message sources import it at their first event, so that the cold start of a function that answers HTTP skips it.
"""

from collections.abc import Iterable

from function.files.reported_file import ReportedFile
from function.messages.deliveries import MessageOutcome
from function.telemetry.counts import Counts


def count_outcomes(counts: Counts, outcomes: Iterable[MessageOutcome]) -> None:
    """Count each message's predictions, each file's rows, and each error."""
    for outcome in outcomes:
        if not isinstance(outcome, ReportedFile):
            counts.count_outcome(outcome)
        elif outcome.refusal is not None:
            counts.count_refusal(outcome.refusal)
        else:
            counts.count_file(outcome.rows, outcome.rejected, outcome.warnings)
