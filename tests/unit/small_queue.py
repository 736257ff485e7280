"""A results queue without a network, behind the seam that function.aws.Clients is."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError


class Queue:
    """Takes batches as SQS does, refuses the entries that `refuses(body)` names, and whole calls while it is `down`."""

    def __init__(self, refuses: Callable[[dict[str, Any]], bool] = lambda body: False) -> None:
        self.refuses = refuses
        self.down = False
        self.batches: list[list[dict[str, Any]]] = []
        # What it answers to the ids of a batch in the place of its protocol.
        self.answers: Callable[[list[str]], dict[str, Any]] | None = None

    @property
    def results(self) -> list[dict[str, Any]]:
        """All that was accepted, in order."""
        return [body for batch in self.batches for body in batch]

    def send_message_batch(self, QueueUrl: str, Entries: Sequence[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        """Accepts what it does not refuse."""
        assert QueueUrl == "https://queue"
        assert 1 <= len(Entries) <= 10
        if self.down or sum(len(entry["MessageBody"]) for entry in Entries) > 1024 * 1024:
            raise ClientError({"Error": {"Code": "ServiceUnavailable"}}, "SendMessageBatch")
        bodies = {entry["Id"]: json.loads(entry["MessageBody"]) for entry in Entries}
        failed = [key for key, body in bodies.items() if self.refuses(body)]
        self.batches.append([body for key, body in bodies.items() if key not in failed])
        if self.answers is not None:
            return self.answers(list(bodies))
        lists = {"Successful": [key for key in bodies if key not in failed], "Failed": failed}
        return {name: [{"Id": key} for key in keys] for name, keys in lists.items() if keys}


class Clients:
    """The queue in the place of SQS; whoever asks for S3 fails."""

    def __init__(self, queue: Queue) -> None:
        self.sqs = queue
