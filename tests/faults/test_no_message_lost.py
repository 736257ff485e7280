"""A thousand messages, some poison, some delivered twice, and a function killed at random points: none is lost."""

import json
import threading
from random import Random
from uuid import uuid4

from function.model.runtime import Model
from tests.cloud import faults
from tests.cloud.function import Function, Verdict
from tests.cloud.proxy import Proxy
from tests.cloud.queue_mapping import Duplicates, QueueMapping
from tests.cloud.services import Cloud, arn_of
from tests.faults.conftest import Results
from tests.faults.records import POISON, body, expect_prediction

MESSAGES = 1000
# Moto's receive slows down with the length of a queue.
WAVE = 100
MAX_RECEIVES = 5


class Killer:
    """Invokes the function and kills it during some invocations, after a random time."""

    def __init__(self, function: Function, random: Random, share: float) -> None:
        self._function = function
        self._random = random
        self._share = share

    def invoke(self, event: object) -> Verdict:
        """What the event comes to."""
        if self._random.random() >= self._share:
            return self._function.invoke(event)
        timer = threading.Timer(self._random.uniform(0, 0.05), self._function.kill)
        timer.start()
        try:
            return self._function.invoke(event)
        finally:
            timer.join()


def test_every_message_ends_as_a_result_or_a_dead_letter(
    function: Function, proxy: Proxy, cloud: Cloud, results: Results, houses: Model
) -> None:
    random = Random(20260103)
    dead_letters = cloud.queue(str(uuid4()))
    policy = json.dumps({"deadLetterTargetArn": arn_of(dead_letters), "maxReceiveCount": MAX_RECEIVES})
    queue = cloud.queue(str(uuid4()), RedrivePolicy=policy, VisibilityTimeout="360")
    poison = set(random.sample(range(MESSAGES), MESSAGES * 3 // 100))
    sent = [random.choice(POISON) if index in poison else body(random) for index in range(MESSAGES)]
    # Before the results are sent, and after they are and before the function knows.
    for action in (faults.act_before(function.kill, faults.reset), faults.act_after(function.kill)):
        for _ in range(3):
            proxy.on("SendMessageBatch", action, skip=random.randrange(80))
    duplicates = Duplicates(random, 0.03)
    mapping = QueueMapping(cloud.sqs, queue, Killer(function, random, 0.03).invoke, duplicates=duplicates)
    kills = function.kills

    numbers: dict[str, int] = {}
    found = []
    for start in range(0, MESSAGES, WAVE):
        wave = range(start, start + WAVE)
        numbers |= zip(cloud.send(queue, [sent[index] for index in wave]), wave, strict=True)
        mapping.drain()
        found += results()

    dead = {numbers[message["MessageId"]] for message in cloud.take_all(dead_letters)}
    done = {numbers[result["id"]] for result in found}
    assert done | dead == set(range(MESSAGES))
    assert dead == poison
    assert not done & poison
    for result in found:
        assert result == expect_prediction(houses, "sqs", result["id"], sent[numbers[result["id"]]])
    # The faults took place, and a killed or repeated delivery is what sent a result twice.
    assert function.kills - kills >= 8
    assert duplicates.count >= 20
    assert {verdict.error for verdict in mapping.verdicts} == {None, "Runtime.ExitError"}
    assert len(found) > len(done)
