"""What must hold so that nothing that is sent is lost, done again without end, or waited for in vain.

Each check returns its complaints. It looks at what is in the template, not at the names in it, so that a resource added
later is judged as well.
"""

import json
import re

from tests.template.expand import Template
from tests.template.reading import (
    dead_letter_queues,
    find_by_type,
    function_of,
    make_list,
    queue_mappings,
    resource_policies,
    rights,
    target,
)

FOURTEEN_DAYS = 1209600
ASYNCHRONOUS = ("s3.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com")


def output_is_never_input(template: Template) -> list[str]:
    """Nothing that a function may write has a name that a notification is sent for."""
    filters = []
    complaints = []
    for name, properties in find_by_type(template, "AWS::S3::Bucket"):
        notification = properties.get("NotificationConfiguration", {})
        for configuration in (c for configurations in notification.values() for c in make_list(configurations)):
            rules = configuration.get("Filter", {}).get("S3Key", {}).get("Rules", [])
            prefix = "".join(rule["Value"] for rule in rules if rule["Name"] == "prefix")
            if not prefix:
                complaints.append(f"{name}: its notification is for every object")
            filters.append(f"arn:aws:s3:::{properties['BucketName']}/{prefix}")
    if not filters:
        complaints.append("no bucket notifies anyone")
    for function, properties in find_by_type(template, "AWS::Lambda::Function"):
        variables = properties["Environment"]["Variables"]
        written = [r for action, r in rights(template, function) if action in ("s3:PutObject", "s3:*", "*")]
        written += [f"arn:aws:s3:::{variables['RESULTS_BUCKET']}/"] if "RESULTS_BUCKET" in variables else []
        # A separate bucket, not only another prefix: a changed prefix then cannot close the loop.
        buckets = {watched.rpartition(":::")[2].partition("/")[0] for watched in filters}
        complaints += [f"{function} writes {w}" for w in written if overlaps(w.partition("/")[0], buckets)]
    return complaints


def overlaps(pattern: str, buckets: set[str]) -> bool:
    """Whether an ARN with wildcards may name one of the buckets."""
    expression = re.escape(pattern.rpartition(":::")[2]).replace(r"\*", ".*").replace(r"\?", ".")
    return any(re.fullmatch(expression, bucket) for bucket in buckets)


def environment_names_the_buckets(template: Template) -> list[str]:
    """The function reads and writes the buckets that there are, below the prefixes that its role names."""
    by_name = {p["BucketName"]: p for _, p in find_by_type(template, "AWS::S3::Bucket")}
    complaints = []
    for function, properties in find_by_type(template, "AWS::Lambda::Function"):
        variables = properties["Environment"]["Variables"]
        if "INPUT_BUCKET" not in variables:
            continue
        if "NotificationConfiguration" not in by_name.get(variables["INPUT_BUCKET"], {}):
            complaints.append(f"{function}: INPUT_BUCKET is not the bucket that notifies it")
        if variables["RESULTS_BUCKET"] not in by_name:
            complaints.append(f"{function}: RESULTS_BUCKET is no bucket of the stack")
    return complaints


def functions_stop_recursion(template: Template) -> list[str]:
    """Lambda stops a function that feeds itself."""
    functions = find_by_type(template, "AWS::Lambda::Function")
    return [f"{name}: RecursiveLoop" for name, p in functions if p.get("RecursiveLoop") != "Terminate"]


def messages_stay_hidden(template: Template) -> list[str]:
    """Visibility is six timeouts of the function and the batching window."""
    complaints = []
    for name, properties, queue in queue_mappings(template):
        timeout = template["Resources"][function_of(template, properties["FunctionName"])]["Properties"]["Timeout"]
        visibility = template["Resources"][queue]["Properties"].get("VisibilityTimeout", 30)
        if visibility < 6 * timeout + properties.get("MaximumBatchingWindowInSeconds", 0):
            complaints.append(
                f"{name}: {queue} shows a message again after {visibility} s, the function has {timeout} s"
            )
    return complaints


def messages_are_redriven(template: Template) -> list[str]:
    """A message that fails three to five times goes to another queue."""
    complaints = []
    for _, _, queue in queue_mappings(template):
        policy = template["Resources"][queue]["Properties"].get("RedrivePolicy", {})
        if not 3 <= policy.get("maxReceiveCount", 0) <= 5:
            complaints.append(f"{queue}: maxReceiveCount")
        dead = target(policy.get("deadLetterTargetArn", ""))
        if dead == queue or template["Resources"].get(dead, {}).get("Type") != "AWS::SQS::Queue":
            complaints.append(f"{queue}: dead letters go nowhere")
    return complaints


def files_are_worked_on_alone(template: Template) -> list[str]:
    """A function of messages in batches that scores files too has a queue that sends it those one by one."""
    mappings = [(function_of(template, p["FunctionName"]), p, queue) for _, p, queue in queue_mappings(template)]
    complaints = []
    for name, properties in find_by_type(template, "AWS::Lambda::Function"):
        variables = properties["Environment"]["Variables"]
        files = target(variables.get("FILES_QUEUE_URL", ""))
        own = [(p, queue) for function, p, queue in mappings if function == name]
        if "INPUT_BUCKET" in variables and own and files not in (queue for _, queue in own):
            complaints.append(f"{name}: no queue of files that it gets back")
        complaints += [
            f"{name}: {queue} sends files in batches"
            for p, queue in own
            if queue == files and (p.get("BatchSize") != 1 or p.get("MaximumBatchingWindowInSeconds", 0) > 0)
        ]
    return complaints


def batches_fail_in_part(template: Template) -> list[str]:
    """Every mapping heeds the failures that the function lists."""
    mappings = find_by_type(template, "AWS::Lambda::EventSourceMapping")
    return [n for n, p in mappings if p.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]]


def queue_concurrency_is_bounded(template: Template) -> list[str]:
    """A full queue does not take all of the account's concurrency."""
    return [
        f"{name}: MaximumConcurrency"
        for name, properties, _ in queue_mappings(template)
        if not 2 <= properties.get("ScalingConfig", {}).get("MaximumConcurrency", 0) <= 1000
    ]


def streams_get_past_poison(template: Template) -> list[str]:
    """A stream's record that always fails is found by halving, tried a few times, and put aside."""
    queues = {name for name, _, _ in queue_mappings(template)}
    complaints = []
    for name, properties in find_by_type(template, "AWS::Lambda::EventSourceMapping"):
        if name in queues:
            continue
        if properties.get("BisectBatchOnFunctionError") is not True:
            complaints.append(f"{name}: BisectBatchOnFunctionError")
        if not 1 <= properties.get("MaximumRetryAttempts", -1) <= 10:
            complaints.append(f"{name}: MaximumRetryAttempts")
        if "OnFailure" not in properties.get("DestinationConfig", {}):
            complaints.append(f"{name}: no destination on failure")
    return complaints


def asynchronous_failures_are_kept(template: Template) -> list[str]:
    """What an asynchronous source sent and the function failed on ends in a queue."""
    configured = {
        function_of(template, p["FunctionName"]): p for _, p in find_by_type(template, "AWS::Lambda::EventInvokeConfig")
    }
    complaints = []
    for name, properties in find_by_type(template, "AWS::Lambda::Permission"):
        if properties["Principal"] not in ASYNCHRONOUS:
            continue
        config = configured.get(function_of(template, properties["FunctionName"]), {})
        destination = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
        if template["Resources"].get(target(destination), {}).get("Type") != "AWS::SQS::Queue":
            complaints.append(f"{name}: no queue on failure")
        if config.get("MaximumRetryAttempts") != 2:
            complaints.append(f"{name}: MaximumRetryAttempts")
    return complaints


def queues_keep_undelivered(template: Template) -> list[str]:
    """What a topic or a rule cannot deliver ends in a queue that lets that very topic or rule in."""
    allowed = {
        (queue, statement["Principal"]["Service"]): json.dumps(statement.get("Condition", {}))
        for queue, statement in resource_policies(template)
        if statement["Effect"] == "Allow" and statement["Action"] == "sqs:SendMessage"
    }
    complaints = []
    for name, properties in find_by_type(template, "AWS::SNS::Subscription"):
        if properties["Protocol"] == "email":
            continue  # SNS keeps trying a mail server by itself, and takes no queue for it
        queue = target(properties.get("RedrivePolicy", {}).get("deadLetterTargetArn", ""))
        if target(properties["TopicArn"]) not in allowed.get((queue, "sns.amazonaws.com"), ""):
            complaints.append(f"{name}: undelivered notifications are lost")
    for name, properties in find_by_type(template, "AWS::Events::Rule"):
        bus = properties.get("EventBusName", "default")
        rule = f"rule/{properties['Name']}" if bus == "default" else f"rule/{bus}/{properties['Name']}"
        for rule_target in properties["Targets"]:
            queue = target(rule_target.get("DeadLetterConfig", {}).get("Arn", ""))
            if f':{rule}"' not in allowed.get((queue, "events.amazonaws.com"), ""):
                complaints.append(f"{name}: undelivered events are lost")
    return complaints


def failures_are_kept_for_fourteen_days(template: Template) -> list[str]:
    """As long as SQS can."""
    return [
        f"{queue}: MessageRetentionPeriod"
        for queue in sorted(dead_letter_queues(template))
        if template["Resources"][queue]["Properties"].get("MessageRetentionPeriod") != FOURTEEN_DAYS
    ]


def answers_before_the_api_gives_up(template: Template) -> list[str]:
    """A function behind the API has less than the API's 30 s."""
    fronted = {
        function_of(template, p["FunctionName"])
        for _, p in find_by_type(template, "AWS::Lambda::Permission")
        if p["Principal"] == "apigateway.amazonaws.com"
    }
    return [f"{name}: Timeout" for name in sorted(fronted) if template["Resources"][name]["Properties"]["Timeout"] > 29]
